package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// bench is one run. All of it is on one goroutine.
type bench struct {
	ctx    context.Context
	plan   *plan
	loop   *loop
	tag    runTag
	report Report
	roles  []role
	proc   procFS

	clients     []*client
	byLocal     map[netip.AddrPort]*client
	openClients int
	opened      int           // connections that were opened in the whole run
	failed      int           // connections that the server ended or refused
	failure     error         // the first of them
	fatal       error         // ends the run
	established func(*client) // storm's stopwatch
	onOpen      func(*client)
	onGone      func(*client, clientState)

	workers, control []*innerConn // one each per gateway; workers is empty with WorkerNone
	workerKey        string
	workerSaw        int // connections that the worker saw complete
	workerCloses     int
	greet            bool
	uplink           *stream // messages that the worker counts and does not echo

	streams        [26]*stream
	foreign        int64 // messages that were not ours
	payload, frame []byte
	packer         *packer // nil without Options.Compress
	bytesIn        int64   // of messages to clients, in the whole run
	bytesOut       int64   // of messages from clients
	phase          string
	progress       func() (done, expected int64)
	stalled        bool
	floorBytes     int64
}

const (
	greetingID = 'H'
	probeID    = 'I'
)

func run(ctx context.Context, p *plan) (Report, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b := &bench{
		ctx: ctx, plan: p, proc: "/proc", byLocal: make(map[netip.AddrPort]*client),
		workerKey: fmt.Sprintf("Bench%d:0", os.Getpid()), payload: make([]byte, p.Size),
	}
	fill(b.payload, p.Compress)
	if p.Compress {
		b.packer = newPacker()
	}
	var random [4]byte
	_, _ = rand.Read(random[:])
	b.tag = newRunTag(random)
	err := b.run()
	b.problems()
	return b.report, err
}

func (b *bench) run() (err error) {
	p := b.plan
	b.report = Report{Scenario: p.Scenario, Started: time.Now().Truncate(time.Second), Phases: []Phase{}}
	if b.roles, err = b.proc.roles(p.GatewayPIDs, p.WorkerPIDs, os.Getpid()); err != nil {
		return err
	}
	b.report.Conditions = Conditions{
		Addresses: p.Addresses, InnerAddresses: p.InnerAddresses, Worker: string(p.Worker),
		Clients: p.Clients, Size: p.Size, CPUs: runtime.NumCPU(), Kernel: kernelRelease(),
		GatewayPIDs: b.pids("gateway"), WorkerPIDs: b.pids("worker"),
	}
	files := p.Clients + 64
	if p.Scenario == "floor" {
		files += p.Clients // the other ends
	}
	if err := raiseFileLimit(files); err != nil {
		return err
	}
	if b.loop, err = newLoop(); err != nil {
		return err
	}
	defer b.loop.close()
	b.loop.onTick = b.tick
	if p.Scenario == "floor" {
		c := &b.report.Conditions
		c.Addresses, c.InnerAddresses, c.Worker = nil, nil, ""
		return b.floor()
	}
	b.clients = make([]*client, p.Clients)
	if err := b.attach(); err != nil {
		return err
	}
	switch p.Scenario {
	case "idle", "storm", "mixed", "churn":
		if err := b.memory("start", 0); err != nil {
			return err
		}
	}
	if err := b.scenario(); err != nil {
		return err
	}
	return b.detach()
}

func (b *bench) scenario() error {
	switch b.plan.Scenario {
	case "idle":
		return b.idle()
	case "storm":
		return b.storm()
	case "echo":
		return b.echo()
	case "broadcast":
		return b.broadcast()
	case "group":
		return b.group()
	case "one":
		return b.one()
	case "uplink":
		return b.uplinkScenario()
	case "query":
		return b.query()
	case "mixed":
		return b.mixed()
	case "churn":
		return b.churn()
	}
	panic("bench: scenario without a function: " + b.plan.Scenario)
}

func (b *bench) pids(name string) []int {
	for _, r := range b.roles {
		if r.name == name {
			return r.pids
		}
	}
	return nil
}

func raiseFileLimit(want int) error {
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return err
	}
	if lim.Cur < lim.Max {
		lim.Cur = lim.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &lim)
	}
	if lim.Cur < uint64(want) {
		return &OptionsError{"clients", fmt.Sprintf("%d files are needed and the process may open %d (ulimit -n)", want, lim.Cur)}
	}
	return nil
}

// attach opens the inner connections and waits until the gateways know them,
// before the first client connects.
func (b *bench) attach() error {
	b.phase = "attach"
	for i := range b.plan.inner {
		if b.plan.Worker == WorkerSelf {
			ic, err := b.dialInner(i, true)
			if err != nil {
				return err
			}
			b.workers = append(b.workers, ic)
		}
	}
	if err := b.pump(func() bool { return allConnected(b.workers) }); err != nil || b.stalled {
		return orElse(err, "the inner port does not answer")
	}
	for i := range b.plan.inner {
		ic, err := b.dialInner(i, false)
		if err != nil {
			return err
		}
		b.control = append(b.control, ic)
	}
	for range 2 {
		if err := b.barrier(); err != nil {
			return err
		}
	}
	return nil
}

func allConnected(list []*innerConn) bool {
	for _, ic := range list {
		if !ic.connected {
			return false
		}
	}
	return true
}

func orElse(err error, text string) error {
	if err != nil {
		return err
	}
	return errors.New("bench: " + text)
}

// pump runs the loop until done; b.stalled says that it gave up. An error is
// the end of the run.
func (b *bench) pump(done func() bool) error {
	err := b.loop.pump(b.ctx, b.plan.Stall, func() bool { return b.fatal != nil || b.deserted() || done() })
	if err == nil && b.fatal == nil && b.deserted() {
		err = fmt.Errorf("bench: the server has ended every connection: %w", b.failure)
	}
	b.stalled = errors.Is(err, errStalled)
	if b.stalled {
		err = nil
	}
	if b.fatal != nil {
		return b.fatal
	}
	return err
}

// deserted reports whether the server has ended all connections.
func (b *bench) deserted() bool {
	return b.opened > 0 && b.openClients == 0 && b.failed >= b.opened
}

// rest runs the loop for a while.
func (b *bench) rest(d time.Duration) error {
	over := false
	b.loop.after(d, func() { over = true })
	err := b.loop.pump(b.ctx, 0, func() bool { return over || b.fatal != nil })
	if b.fatal != nil {
		return b.fatal
	}
	return err
}

// quiet lets the server finish what a phase left behind.
func (b *bench) quiet() error { return b.rest(min(300*time.Millisecond, b.plan.Settle)) }

// barrier returns when all gateways have executed what was sent on the control
// connections: it asks each something and waits for the answers.
func (b *bench) barrier() error {
	waiting := 0
	for _, ic := range b.control {
		waiting++
		ic.query(gp.CmdIsOnline, 0, "", func([]byte) { waiting-- })
	}
	if err := b.pump(func() bool { return waiting == 0 }); err != nil {
		return err
	}
	if b.stalled {
		return fmt.Errorf("bench: no answer on the inner connection for %s", b.plan.Stall)
	}
	return nil
}

// stream starts a stream; what arrives late for one of the same id counts as
// foreign no more, so each phase takes its own.
func (b *bench) stream(id byte) *stream {
	s := newStream(id, len(b.clients))
	b.streams[id-'A'] = s
	return s
}

// message is what a client received.
func (b *bench) message(c *client, payload []byte) {
	b.loop.activity++
	id, seq, due, ok := parsePayload(payload, &b.tag)
	if !ok || id < 'A' || id > 'Z' {
		if s := b.streams[greetingID-'A']; b.plan.Greeted && s != nil && s.got[c.index] == 0 {
			s.receive(c.index, 0, c.began, b.loop.now)
			return
		}
		b.foreign++
		return
	}
	if id == probeID {
		c.connectionID, c.inner = seq, int(due)
		return
	}
	if s := b.streams[id-'A']; s != nil && !c.bystander {
		s.receive(c.index, seq, due, b.loop.now)
	}
}

// detach hangs up and stays the worker until the gateways have reported every
// close: a gateway without a worker logs an error for each client.
func (b *bench) detach() error {
	b.phase, b.progress = "disconnect", nil
	left := 0
	for _, ic := range b.workers {
		left += len(ic.clients)
	}
	closes := b.workerCloses
	b.hangUpAll()
	return b.pump(func() bool { return len(b.workers) == 0 || b.workerCloses-closes >= left })
}

func (b *bench) hangUpAll() {
	for _, c := range b.clients {
		if c != nil {
			c.hangUp()
		}
	}
}

func (b *bench) tick() {
	if b.plan.Progress == nil {
		return
	}
	p := Progress{Phase: b.phase, Elapsed: time.Duration(b.loop.now)}
	if b.progress != nil {
		p.Done, p.Expected = b.progress()
	}
	b.plan.Progress(p)
}
