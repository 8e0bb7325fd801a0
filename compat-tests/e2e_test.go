package compattests

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// The end-to-end tests (e2e_*_test.go) run whole clusters: PHP programs, this
// project's, and both mixed, with the programs around them that users have -
// workerman-chat, a browser, nginx. What clients and callers see is compared
// between the casts. Where something that a test needs is not there, the test
// is skipped, and counted as such:
//
//	GATEWAYWORKER_PHP_AUTOLOAD=/path/to/vendor/autoload.php   all of them
//	GATEWAYWORKER_CHAT_DIR=/path/to/workerman-chat            TestChat, TestChatPage
//	chromium in the PATH                                      TestChatPage
//	nginx in the PATH                                         TestNginx...
//
// go test ./compat-tests -run TestReadYourWrites -v -order.rounds 10000 -order.php
// takes the figures of a long run, for PHP's gateway as well.

// chatVariable names the environment variable for the path of a checkout of
// walkor/workerman-chat.
const chatVariable = "GATEWAYWORKER_CHAT_DIR"

// e2ePatience is how long anything may take on a busy machine.
const e2ePatience = 30 * time.Second

// An e2e is one end-to-end test.
type e2e struct {
	*testing.T
	stage *stage // what the implementations need to start programs
}

// startE2E begins a live test, or skips it where something is missing: needs
// names programs besides PHP, or environment variables.
func startE2E(t *testing.T, needs ...string) *e2e {
	t.Helper()
	o := tally.begin(&scenario{name: "e2e/" + t.Name(), needs: needs})
	t.Cleanup(func() { o.end(t) })
	skip := func(reason string) {
		o.skipped = true
		t.Skip(reason)
	}
	if _, err := phpVersions(); err != nil {
		skip(err.Error())
	}
	for _, need := range needs {
		if strings.HasPrefix(need, "GATEWAYWORKER_") {
			if os.Getenv(need) == "" {
				skip(need + " is not set")
			}
		} else if _, err := exec.LookPath(need); err != nil {
			skip(err.Error())
		}
	}
	o.live = true
	return enterE2E(t)
}

// enterE2E is startE2E for the part of a test that has begun.
func enterE2E(t *testing.T) *e2e {
	e := &e2e{T: t, stage: &stage{tb: t, dir: t.TempDir(), news: make(chan struct{}, 1)}}
	t.Cleanup(func() {
		for _, f := range slices.Backward(e.stage.cleanups) {
			f()
		}
		if t.Failed() {
			t.Log(e.stage.serverLogs())
		}
	})
	return e
}

// file returns the path of a file in testdata/e2e.
func e2eFile(name string) string {
	path, err := filepath.Abs(filepath.Join("testdata", "e2e", name))
	if err != nil {
		panic(err)
	}
	return path
}

// php starts one of the scripts in testdata/e2e as a server.
func (e *e2e) php(script string, env ...string) (stop func()) {
	e.Helper()
	relative, err := filepath.Rel(fixtures, e2eFile(script))
	if err != nil {
		e.Fatal(err)
	}
	stop, err = startPHP(e.stage, relative, env...)
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(stop)
	return stop
}

// phpOutput runs one of the scripts in testdata/e2e to its end.
func (e *e2e) phpOutput(script string, env ...string) ([]byte, error) {
	cmd := exec.CommandContext(e.Context(), "php", e2eFile(script))
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return out, err
}

// An e2eRegister is a running Register.
type e2eRegister struct{ address, key string }

func (e *e2e) register(by implementation, key string) *e2eRegister {
	e.Helper()
	port := e.stage.freePort()
	stop, err := by.startRegister(e.stage, port, key)
	if err != nil {
		e.Fatal(err)
	}
	e.Cleanup(stop)
	return &e2eRegister{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), key: key}
}

// await waits until the Register names exactly the gateways, in this order.
func (e *e2e) await(r *e2eRegister, gateways ...*e2eGateway) {
	e.Helper()
	var want []string
	for _, gw := range gateways {
		want = append(want, gw.inner)
	}
	conn, err := net.Dial("tcp", r.address)
	if err != nil {
		e.Fatal(err)
	}
	defer closeNow(conn)
	_ = conn.SetDeadline(time.Now().Add(e2ePatience))
	_, _ = conn.Write(gp.AppendWorkerConnect(nil, r.key))
	var got []string
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if got, err = gp.ParseBroadcastAddresses(lines.Bytes()); err == nil && slices.Equal(got, want) {
			return
		}
	}
	e.Fatalf("register names %v, want %v", got, want)
}

// An e2eGateway is a gateway that can be stopped and started again.
type e2eGateway struct {
	e             *e2e
	by            implementation
	name          string
	cfg           gatewayConfig
	client, inner string // addresses
	kill          func()
}

func (e *e2e) gateway(by implementation, name string, cfg gatewayConfig, registers ...*e2eRegister) *e2eGateway {
	e.Helper()
	cfg.LanIP = "127.0.0.1"
	if cfg.Listen == "" {
		cfg.Listen = "websocket"
	}
	for _, r := range registers {
		cfg.Registers = append(cfg.Registers, r.address)
		cfg.SecretKey = r.key
	}
	gw := &e2eGateway{
		e: e, by: by, name: name, cfg: cfg,
		client: net.JoinHostPort("127.0.0.1", strconv.Itoa(e.stage.freePort())),
		inner:  net.JoinHostPort("127.0.0.1", strconv.Itoa(e.stage.freePort())),
	}
	gw.start()
	e.Cleanup(gw.stop)
	return gw
}

func (gw *e2eGateway) start() {
	gw.e.Helper()
	stop, err := gw.by.startGateway(gw.e.stage, gw.cfg, portOf(gw.client), portOf(gw.inner))
	if err != nil {
		gw.e.Fatal(err)
	}
	gw.kill = stop
}

func (gw *e2eGateway) stop() {
	if gw.kill != nil {
		gw.kill()
		gw.kill = nil
	}
}

// phpWorker starts a PHP BusinessWorker with the business code of a file and
// waits until all of its processes are connected to all gateways.
func (e *e2e) phpWorker(events string, processes, gateways int, registers []*e2eRegister, env ...string) {
	e.Helper()
	ready, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.Fatal(err)
	}
	defer ready.Close()
	_ = ready.(*net.TCPListener).SetDeadline(time.Now().Add(e2ePatience))
	e.php("start_worker.php", append(env, "EVENTS_FILE="+events, "READY_ADDRESS="+ready.Addr().String(),
		"WORKER_COUNT="+strconv.Itoa(processes), "GATEWAYS="+strconv.Itoa(gateways),
		"REGISTER_ADDRESS="+strings.Join(addressesOf(registers), ","), "SECRET_KEY="+registers[0].key)...)
	for range processes {
		conn, err := ready.Accept()
		if err != nil {
			e.Fatalf("the PHP worker did not become ready: %v", err)
		}
		conn.Close()
	}
}

func addressesOf(registers []*e2eRegister) (addresses []string) {
	for _, r := range registers {
		addresses = append(addresses, r.address)
	}
	return addresses
}

// A record is what clients and callers saw, with client ids and times replaced.
type record struct {
	lines []string
	ids   []string // client id, name, client id, name, ...
}

var (
	timeOfDay  = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
	clientID20 = regexp.MustCompile(`\b[0-9a-f]{20}\b`)
)

func (r *record) add(format string, args ...any) {
	line := r.named(fmt.Sprintf(format, args...))
	r.lines = append(r.lines, timeOfDay.ReplaceAllString(line, "<time>"))
}

// named replaces client ids by names.
func (r *record) named(text string) string { return strings.NewReplacer(r.ids...).Replace(text) }

// name makes a client id appear as a name from now on. A gateway that was
// started again gives out the same ids again.
func (r *record) name(id, name string) {
	if i := slices.Index(r.ids, id); i >= 0 {
		r.ids = slices.Delete(r.ids, i, i+2)
	}
	r.ids = append(r.ids, id, "<"+name+">")
}
