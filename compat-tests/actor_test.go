package compattests

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// An actor is a BusinessWorker or a GatewayClient: a PHP process whose
// conversations a proxy records, or the player of such a recording.
//
// Its lines in a transcript are
//
//	lib gw1#2 > CMD_JOIN_GROUP id=1 flag=1 ext=`g`
//	lib gw1#2 > close
//
// with the target, the number of the connection, and what one side sent.
type actor struct {
	stage *stage
	name  string
	proxy *proxy // live
	conns map[int]*actorConn
}

// actorConn is one connection of an actor.
type actorConn struct {
	target string
	worker bool // it said CMD_WORKER_CONNECT
	buf    map[bool][]byte
	hungUp bool    // by the actor
	stream *stream // replaying
}

// A proxyEvent is what one read brought; nil data is an end of file.
type proxyEvent struct {
	conn      int    // number of the connection, from 1
	target    string // "gw1", "register"
	fromActor bool
	data      []byte
}

// newActor makes an actor; live is false for a player.
func (s *stage) newActor(name string, live bool) *actor {
	a := &actor{stage: s, name: name, conns: map[int]*actorConn{}}
	if live {
		var err error
		a.proxy, err = newProxy(s.wake)
		s.check(err)
	}
	return a
}

// route makes the proxy stand before the gateways' inner addresses and the
// Registers, and returns the addresses of Registers that the actor must use.
func (a *actor) route() []string {
	var addresses []string
	for i, r := range a.stage.registers {
		var address string
		a.stage.retry(func() (func(), error) {
			address = net.JoinHostPort("127.0.0.1", strconv.Itoa(a.stage.freePort()))
			return func() {}, a.proxy.listen(address, registerTarget(i), r.address)
		})
		a.stage.names.port(portOf(address), a.stage.names.ports[strconv.Itoa(portOf(r.address))])
		addresses = append(addresses, address)
	}
	for _, gw := range a.stage.gateways {
		a.stage.check(a.proxy.listen(gw.inner.String(), gw.name, gw.innerAddress))
	}
	return addresses
}

// registerTarget names a Register as a target: "register", "register2", ...
func registerTarget(i int) string {
	if i == 0 {
		return "register"
	}
	return fmt.Sprintf("register%d", i+1)
}

func (c *actorConn) isRegister() bool { return strings.HasPrefix(c.target, "register") }

func (a *actor) start() {
	go a.proxy.serve()
	a.stage.cleanup(a.proxy.close)
}

// flush puts what the proxy has recorded into the transcript.
func (a *actor) flush() {
	a.proxy.settle()
	a.logEvents(a.proxy.take())
}

func (a *actor) logEvents(events []proxyEvent) {
	var lines []actorLine
	for _, e := range events {
		// When both sides close at about the same time, the actor did.
		if c := a.conns[e.conn]; c != nil && e.fromActor && len(e.data) == 0 {
			c.hungUp = true
		}
	}
	for _, e := range events {
		c := a.conns[e.conn]
		if c == nil {
			c = &actorConn{target: e.target, buf: map[bool][]byte{}}
			a.conns[e.conn] = c
			c.hungUp = slices.ContainsFunc(events, func(o proxyEvent) bool { return o.conn == e.conn && o.fromActor && len(o.data) == 0 })
		}
		if len(e.data) == 0 {
			// That a server closes after the actor is no news.
			if e.fromActor {
				lines = append(lines, actorLine{e.conn, true, "> close"})
			} else if !c.hungUp {
				lines = append(lines, actorLine{e.conn, false, "< closed"})
			}
			continue
		}
		c.buf[e.fromActor] = append(c.buf[e.fromActor], e.data...)
		for {
			unit := a.nextUnit(c, e.fromActor)
			if unit == nil {
				break
			}
			lines = append(lines, actorLine{e.conn, e.fromActor, a.render(c, unit, e.fromActor)})
		}
	}
	for _, l := range a.settled(lines) {
		a.stage.log("%s %s#%d %s", a.name, a.conns[l.conn].target, l.conn, l.text)
	}
}

type actorLine struct {
	conn      int
	fromActor bool
	text      string
}

// settled puts lines into an order that does not depend on the scheduler: an
// answer, or a close, goes right behind what was last said on its connection;
// what the actor said on several connections in one go is sorted by them, and
// so are its questions.
func (a *actor) settled(lines []actorLine) []actorLine {
	lines = answersUp(lines)
	sortRuns(lines, func(l actorLine) bool { return l.fromActor })
	sortRuns(lines, func(l actorLine) bool { return !a.conns[l.conn].worker })
	return lines
}

// sortRuns sorts each run of lines that belong by their connections.
func sortRuns(lines []actorLine, belongs func(actorLine) bool) {
	for i := 0; i < len(lines); {
		j := i
		for j < len(lines) && belongs(lines[j]) {
			j++
		}
		slices.SortStableFunc(lines[i:j], func(a, b actorLine) int { return a.conn - b.conn })
		i = max(j, i+1)
	}
}

func answersUp(lines []actorLine) []actorLine {
	var out []actorLine
	for _, line := range lines {
		at := len(out)
		if line.text == "> close" || strings.HasPrefix(line.text, "< reply ") || strings.HasPrefix(line.text, "< line ") {
			for at > 0 && out[at-1].conn != line.conn {
				at--
			}
			if at == 0 {
				at = len(out)
			}
		}
		out = slices.Insert(out, at, line)
	}
	return out
}

// nextUnit takes a whole line, frame or reply from the buffer of one direction.
func (a *actor) nextUnit(c *actorConn, fromActor bool) []byte {
	buf := c.buf[fromActor]
	n := c.unitLen(buf, fromActor)
	if n == 0 {
		return nil
	}
	c.buf[fromActor] = buf[n:]
	return buf[:n]
}

func (c *actorConn) unitLen(buf []byte, fromActor bool) int {
	if c.isRegister() {
		return bytes.IndexByte(buf, '\n') + 1
	}
	return (&inner{worker: c.worker || fromActor}).unitLen(buf)
}

func (a *actor) render(c *actorConn, unit []byte, fromActor bool) string {
	arrow := map[bool]string{true: ">", false: "<"}[fromActor]
	if c.isRegister() {
		return arrow + " line " + quote(unit[:len(unit)-1])
	}
	in := &inner{worker: c.worker || fromActor, stream: &stream{stage: a.stage, name: a.name}}
	u := in.decode(unit)
	if u.frame == nil {
		return arrow + " reply " + quote(u.reply)
	}
	c.worker = c.worker || fromActor && u.frame.Cmd == gp.CmdWorkerConnect
	return arrow + " " + a.stage.names.renderFrame(u.frame)
}

var actorLineForm = regexp.MustCompile(`^(\w+) (\w+)#(\d+) ([<>]) (.*)$`)

// replay plays the lines of this actor that come next in the recording.
func (a *actor) replay() {
	s := a.stage
	for len(s.lines) < len(s.play.lines) {
		m := actorLineForm.FindStringSubmatch(s.play.lines[len(s.lines)])
		if m == nil || m[1] != a.name {
			return
		}
		number, err := strconv.Atoi(m[3])
		s.check(err)
		a.replayLine(m[2], number, m[4] == ">", m[5])
	}
}

func (a *actor) replayLine(target string, number int, fromActor bool, text string) {
	s := a.stage
	c := a.conns[number]
	if c == nil {
		c = &actorConn{target: target}
		conn, err := net.Dial("tcp", s.targetAddress(target))
		s.check(err)
		c.stream = s.adopt(fmt.Sprintf("%s %s#%d", a.name, target, number), conn)
		a.conns[number] = c
	}
	log := func(text string) { s.log("%s %s#%d %s", a.name, target, number, text) }
	switch {
	case !fromActor:
		unit, ok := c.stream.take(func(buf []byte) int { return c.unitLen(buf, false) })
		if !ok {
			log("< closed")
			return
		}
		log(a.render(c, unit, false))
	case text == "close":
		log("> close")
		c.stream.shut = true
		closeNow(c.stream.conn)
		<-c.stream.done
	case strings.HasPrefix(text, "line "):
		line, err := strconv.Unquote(text[len("line "):])
		s.check(err)
		log("> " + text)
		c.stream.put([]byte(s.names.restore(line) + "\n"))
	default:
		f, err := parseFrame(text)
		s.check(err)
		f.ExtData = []byte(s.names.restore(string(f.ExtData)))
		c.worker = c.worker || f.Cmd == gp.CmdWorkerConnect
		log("> " + s.names.renderFrame(f))
		c.stream.put(gp.AppendMessage(nil, f))
	}
}

func (s *stage) targetAddress(target string) string {
	for i, r := range s.registers {
		if target == registerTarget(i) {
			return r.address
		}
	}
	for _, gw := range s.gateways {
		if gw.name == target {
			return gw.innerAddress
		}
	}
	s.fail("no target %q", target)
	return ""
}
