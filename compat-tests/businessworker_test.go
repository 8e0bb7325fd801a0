package compattests

import (
	"bytes"
	"net"
	"strconv"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A businessWorker is a PHP BusinessWorker process with the fixtures' Events.php,
// or the player of what one did.
type businessWorker struct {
	actor   *actor
	control *stream
	events  int          // that must have come
	logged  int          // events in the transcript
	seen    []proxyEvent // not yet in the transcript
}

// businessWorker starts a worker. events is what its callbacks say on their own (see Events.php).
func (s *stage) businessWorker(events string) *businessWorker {
	b := &businessWorker{actor: s.newActor("biz", s.cast.worker == actorPHP)}
	if s.cast.worker == actorPHP {
		b.startProcess(events)
	} else {
		b.actor.replay()
	}
	for _, gw := range s.gateways {
		for range 3 {
			s.count(gw)
		}
	}
	return b
}

// startProcess starts PHP and waits until all Registers have sent it their lists
// and it has connected to all gateways.
func (b *businessWorker) startProcess(events string) {
	s := b.actor.stage
	addresses := b.actor.route()
	b.actor.start()
	control := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.freePort()))
	stop, err := startPHP(s, "start_businessworker.php", append(s.cast.original.env(), "REGISTER_ADDRESS="+strings.Join(addresses, ","),
		"SECRET_KEY="+s.registers[0].secret, "WORKER_NAME=Fixture", "EVENTS="+events, "CONTROL_LISTEN=text://"+control)...)
	s.check(err)
	s.cleanup(stop)
	var seen []proxyEvent
	connected := s.await(func() bool {
		seen = append(seen, b.actor.proxy.take()...)
		lists, greetings := 0, 0
		for _, e := range seen {
			lists += strings.Count(string(e.data), "broadcast_addresses")
			greetings += strings.Count(string(e.data), "worker_key")
		}
		return lists >= len(s.registers) && greetings == len(s.gateways)
	})
	if !connected {
		s.fail("the worker did not connect to all gateways")
	}
	b.actor.proxy.settle()
	b.actor.logEvents(append(seen, b.actor.proxy.take()...))
	conn, err := net.Dial("tcp", control)
	s.check(err)
	b.control = s.adopt("control", conn)
}

// settle waits until the worker has got so many more events and has dealt with
// them. What it said goes into the transcript.
func (b *businessWorker) settle(events int) {
	s := b.actor.stage
	defer func() {
		for _, gw := range s.gateways {
			s.count(gw) // the worker's last command has been executed
		}
	}()
	if b.actor.proxy == nil {
		b.actor.replay()
		return
	}
	b.events += events
	if !s.await(func() bool {
		b.seen = append(b.seen, b.actor.proxy.take()...)
		return b.actor.eventsIn(b.seen)+b.logged >= b.events
	}) {
		s.fail("the worker has got %d events of %d", b.actor.eventsIn(b.seen)+b.logged, b.events)
	}
	for range 3 {
		b.control.put([]byte("done?\n"))
		b.control.take(func(buf []byte) int { return bytes.IndexByte(buf, '\n') + 1 })
	}
	b.actor.proxy.settle()
	b.seen = append(b.seen, b.actor.proxy.take()...)
	b.logged += b.actor.eventsIn(b.seen)
	b.actor.logEvents(b.seen)
	b.seen = nil
}

// eventsIn counts the frames that gateways sent to the worker.
func (a *actor) eventsIn(events []proxyEvent) int {
	n := 0
	for _, e := range events {
		c := a.conns[e.conn]
		if e.fromActor || c == nil || !c.worker {
			continue
		}
		for buf := e.data; len(buf) > 0; n++ {
			l := c.unitLen(buf, false)
			if l == 0 {
				break
			}
			buf = buf[l:]
		}
	}
	return n
}

// tell sends c's message to the worker; what c gets goes into the transcript.
func (b *businessWorker) tell(c *client, message string) {
	c.send(message)
	b.settle(1)
	c.drain()
}

// ask has the worker call a method of Lib\Gateway; the answer goes to c.
func (b *businessWorker) ask(c *client, method string, args ...any) {
	s := c.stage
	args = s.withIDs(list(args)).(list)
	request, err := phpserialize.Marshal(phpValue(object{"op": "call", "method": method, "args": list(args)}))
	s.check(err)
	s.log("%s has the worker call %s %s", c.name, method, showArgs(args))
	c.put(c.encode(string(request)))
	b.settle(1)
	c.drain()
}

// perform has the worker make calls, for client c.
func (b *businessWorker) perform(c *client, calls []libraryCall) {
	for _, call := range calls {
		if call.method == "" {
			c.stage.drainAll()
			continue
		}
		b.ask(c, call.method, call.args...)
	}
}
