package vanished

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
)

const (
	// patience bounds every wait. What takes 25 seconds here may take longer on a
	// machine that is busy; without the watch it takes 15 minutes.
	patience = 2 * time.Minute
	// silence is how long the live peer reads nothing: longer than it takes to give
	// up one that has vanished.
	silence = keepalive.Patience + 4*keepalive.Look
)

// program is one of the programs under test: when it noticed that its peer has
// vanished.
type program struct {
	name    string
	log     *logrus.Logger
	noticed chan time.Time // the first time after expect
	mu      sync.Mutex
	waiting bool
}

func newProgram(name string) *program {
	p := &program{name: name, noticed: make(chan time.Time, 1)}
	p.log, _ = logtest.NewNullLogger()
	p.log.SetLevel(logrus.DebugLevel)
	p.log.AddHook(p)
	return p
}

func (p *program) Levels() []logrus.Level { return logrus.AllLevels }

func (p *program) Fire(e *logrus.Entry) error {
	if os.Getenv("GATEWAYWORKER_VANISHED_LOG") != "" {
		fmt.Printf("%s %-14s %s %v\n", e.Time.Format("05.000"), p.name, e.Message, e.Data)
	}
	err, _ := e.Data[logrus.ErrorKey].(error)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting && errors.Is(err, keepalive.ErrVanished) {
		p.waiting = false
		p.noticed <- time.Now()
	}
	return nil
}

func (p *program) expect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = true
}

// echo is a worker's handlers.
type echo struct{}

func (echo) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	return e.Send(ctx, msg)
}

// TestVanished has a Register and a Gateway on one host, and on the other a Go
// worker, a GatewayClient, a gateway's announcement and a worker of bare bytes.
// The network between them begins to drop all packets while they talk: each program
// gives the others up. A worker beside the gateway that reads nothing stays, and
// gets what waited. When the network is there again, all find each other.
func TestVanished(t *testing.T) {
	n := newNetwork(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })

	registers, clients, inner := n.here.listen(), n.here.listen(), n.here.listen()
	registerProgram, gatewayProgram := newProgram("Register"), newProgram("Gateway")
	r, err := register.NewServer(register.Options{Logger: registerProgram.log})
	must(t, err)
	running.Go(func() { _ = r.Serve(registers) })
	t.Cleanup(func() { _ = r.Close() })
	g, err := gateway.New(gateway.Options{
		Listen: "text://" + clients.Addr().String(), LanIP: n.here.ip,
		RegisterAddresses: []string{registers.Addr().String()}, Dial: n.here.dial,
		Logger: gatewayProgram.log,
	})
	must(t, err)
	running.Go(func() { _ = g.Serve(clients, inner) })
	t.Cleanup(func() { _ = g.Close() })
	testwait.Until(t, "the gateway is announced", func() bool { return r.Stats().Gateways == 1 })

	// The other host.
	workerProgram, clientProgram, announceProgram := newProgram("worker"), newProgram("GatewayClient"), newProgram("announcement")
	w, err := businessworker.New(echo{}, businessworker.Options{
		Name: "go", RegisterAddresses: []string{registers.Addr().String()}, Dial: n.there.dial, Logger: workerProgram.log,
	})
	must(t, err)
	running.Go(func() { _ = w.Run(ctx) })
	caller, err := gatewayclient.New(gatewayclient.Options{Gateways: []string{g.Address().String()}, Dial: n.there.dial, Logger: clientProgram.log})
	must(t, err)
	t.Cleanup(func() { _ = caller.Close() })
	announcer, err := register.NewAnnouncer(n.there.ip+":2900", register.ClientOptions{
		RegisterAddresses: []string{registers.Addr().String()}, Dial: n.there.dial, Logger: announceProgram.log, PingInterval: time.Second,
		ConnectTimeout: 20 * time.Second, // a ping that stood still that long would end the connection before it is given up
	})
	must(t, err)
	running.Go(func() { _ = announcer.Run(ctx) })
	// Of the bare worker only its system answers: its program reads nothing at all.
	deaf := connectWorker(t, n.here, g, "deaf:0")
	stopped := startPHPWorker(t, n.here, registers.Addr().String())
	alive := 1
	if stopped != nil {
		alive++
	}
	testwait.Until(t, "all workers are there", func() bool { return g.Stats().Workers == alive+1 })
	if stopped != nil {
		must(t, syscall.Kill(-stopped.Process.Pid, syscall.SIGSTOP))
	}
	must(t, caller.SendToAll(ctx, []byte("hello")))
	testwait.Until(t, "the announcement is there", func() bool { return r.Stats().Gateways == 2 })

	// Clients, by turns of both workers, talk all the time.
	var talking sync.WaitGroup
	quiet, hush := context.WithCancel(ctx)
	every := func(pause time.Duration, f func()) {
		talking.Go(func() {
			for quiet.Err() == nil {
				f()
				select {
				case <-time.After(pause):
				case <-quiet.Done():
				}
			}
		})
	}
	var talkers []net.Conn
	for range 4 {
		c, err := n.here.dial(ctx, "tcp", clients.Addr().String())
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		go func() { _, _ = io.Copy(io.Discard, c) }()
		talkers = append(talkers, c)
	}
	line := []byte(strings.Repeat("x", 50_000) + "\n")
	every(50*time.Millisecond, func() { // 4 MB a second: the deaf worker has no room soon
		for _, c := range talkers {
			_, _ = c.Write(line)
		}
	})
	every(200*time.Millisecond, func() { _ = caller.SendToAll(quiet, []byte("from the GatewayClient")) })
	every(200*time.Millisecond, func() { _ = w.Gateway().SendToAll(quiet, []byte("from the worker")) })
	every(time.Second, func() { // another gateway comes and goes: the Register tells the workers
		if c, err := n.here.dial(quiet, "tcp", registers.Addr().String()); err == nil {
			_, _ = c.Write(gp.AppendGatewayConnect(nil, n.here.ip+":2999", ""))
			_ = c.Close()
		}
	})
	testwait.Until(t, "the deaf worker has no room", func() bool { return g.Stats().DroppedToWorkers > 0 })
	full := time.Now()

	programs := []*program{registerProgram, gatewayProgram, workerProgram, clientProgram, announceProgram}
	for _, p := range programs {
		p.expect()
	}
	n.cut()
	cut := time.Now()
	for _, p := range programs {
		select {
		case at := <-p.noticed:
			t.Logf("%-14s gave its peer up after %.1f s", p.name, at.Sub(cut).Seconds())
		case <-time.After(patience):
			t.Errorf("%s does not give up a peer that has vanished", p.name)
		}
	}
	time.Sleep(time.Until(full.Add(silence))) // the live peer has to be silent for that long
	if workers := g.Stats().Workers; workers != alive {
		t.Errorf("the gateway has %d workers, want those that are there and read nothing, %d", workers, alive)
	}
	hush()
	talking.Wait()
	deaf.hears(t)
	if stopped != nil {
		must(t, syscall.Kill(-stopped.Process.Pid, syscall.SIGCONT))
	}

	n.mend()
	testwait.Until(t, "the worker is there again", func() bool { return g.Stats().Workers == alive+1 })
	testwait.Until(t, "the announcement is there again", func() bool { return announcer.Connected() == 1 })
	testwait.Until(t, "the GatewayClient reaches the gateway", func() bool { return caller.SendToAll(ctx, []byte("again")) == nil })
}

// startPHPWorker starts PHP's worker on a host; nil where PHP is not.
func startPHPWorker(t *testing.T, on host, registerAddress string) *exec.Cmd {
	t.Helper()
	if os.Getenv("GATEWAYWORKER_PHP_AUTOLOAD") == "" {
		t.Log("SKIPPED a PHP worker that is stopped: GATEWAYWORKER_PHP_AUTOLOAD is not set")
		return nil
	}
	php := on.command("php", "../../php-fixtures/start_businessworker.php")
	php.Env = append(os.Environ(), "FIXTURE_DIR="+t.TempDir(), "REGISTER_ADDRESS="+registerAddress)
	clustertest.OwnSession(php)
	must(t, php.Start())
	t.Cleanup(func() {
		clustertest.KillSession(php)
		_ = php.Wait()
	})
	return php
}

// bareWorker is a connection that has introduced itself as a worker.
type bareWorker struct{ conn net.Conn }

func connectWorker(t *testing.T, on host, g *gateway.Gateway, key string) *bareWorker {
	t.Helper()
	conn, err := on.dial(t.Context(), "tcp", g.Address().String())
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write(gp.AppendMessage(nil, &gp.Message{
		Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: fmt.Appendf(nil, `{"worker_key":%q,"secret_key":""}`, key),
	}))
	must(t, err)
	return &bareWorker{conn}
}

// hears reads what has waited for the worker: whole events, and then the answer to
// a question. While too much waits, answers are dropped as events are.
func (w *bareWorker) hears(t *testing.T) {
	t.Helper()
	must(t, w.conn.SetReadDeadline(time.Now().Add(patience)))
	question := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdGetClientCountByGroup, Flag: gp.FlagBodyIsScalar})
	br := bufio.NewReader(w.conn)
	for events := 0; ; events++ {
		_, err := w.conn.Write(question)
		must(t, err)
		head := make([]byte, 4)
		if _, err := io.ReadFull(br, head); err != nil {
			t.Fatalf("after %d events: %v", events, err)
		}
		size := int(binary.BigEndian.Uint32(head))
		if size < gp.HeadLen { // the answer
			return
		}
		if _, err := br.Discard(size - 4); err != nil {
			t.Fatalf("in event %d: %v", events, err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSilentClient: a client that vanishes while nothing is sent is gone after the
// two intervals of Workerman's keepalive, also without a heartbeat. It takes two
// minutes and runs with GATEWAYWORKER_LONG_TESTS=1 only; that sockets have the
// keepalive is tested in gateway.
func TestSilentClient(t *testing.T) {
	if os.Getenv("GATEWAYWORKER_LONG_TESTS") == "" {
		t.Skip("SKIPPED two minutes: set GATEWAYWORKER_LONG_TESTS=1")
	}
	n := newNetwork(t)
	clients, inner := n.here.listen(), n.here.listen()
	p := newProgram("Gateway")
	g, err := gateway.New(gateway.Options{Listen: "text://" + clients.Addr().String(), LanIP: n.here.ip, NoRegister: true, Logger: p.log})
	must(t, err)
	var running sync.WaitGroup
	running.Go(func() { _ = g.Serve(clients, inner) })
	t.Cleanup(func() { _ = g.Close(); running.Wait() })
	testwait.Until(t, "the gateway serves", func() bool { return g.InnerAddr() != nil })
	connectWorker(t, n.here, g, "deaf:0")
	testwait.Until(t, "the worker is there", func() bool { return g.Stats().Workers == 1 })
	c, err := n.there.dial(t.Context(), "tcp", clients.Addr().String())
	must(t, err)
	defer c.Close()
	testwait.Until(t, "the client is there", func() bool { return g.Stats().Clients == 1 })
	n.cut()
	cut := time.Now()
	for end := cut.Add(5 * time.Minute); g.Stats().Clients > 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	took := time.Since(cut)
	t.Logf("the client is gone after %.1f s", took.Seconds())
	if took > 2*keepalive.Interval+20*time.Second {
		t.Error("that is too long")
	}
}
