//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// drained is a process with clients, which the test has send them away.
type drained struct {
	*running
	t                           *testing.T
	client, admin, file, socket string
}

// startDrained starts a Register, a gateway and the chat, whose worker greets
// clients.
func startDrained(t *testing.T, settings string) *drained {
	t.Helper()
	dir, ports := t.TempDir(), freePorts(t, 4)
	d := &drained{
		t: t, client: "127.0.0.1:" + ports[0], admin: "http://127.0.0.1:" + ports[3],
		file: filepath.Join(dir, "gatewayworker.yaml"), socket: filepath.Join(dir, "control.sock"),
	}
	t.Setenv("GATEWAYWORKER_ADMIN_LISTEN", "127.0.0.1:"+ports[3])
	d.configure(fmt.Sprintf("listen: websocket://%s\nstart-port: %s\nregister-listen: text://127.0.0.1:%s\nchat: true\nchat-listen: 127.0.0.1:0\ncontrol-socket: %s\n",
		d.client, ports[1], ports[2], d.socket) + settings)
	d.running = startProcess(t, nil, "start", "--config", d.file)
	d.logged("admin is serving")
	testwait.Until(t, "the process is ready", func() bool { return d.ready() == http.StatusOK })
	return d
}

func (d *drained) configure(text string) {
	d.t.Helper()
	if err := os.WriteFile(d.file, []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// ready is the status of /readyz, 0 if nobody answers.
func (d *drained) ready() int {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get(d.admin + "/readyz")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK && !strings.Contains(string(text), "clients are being sent away") {
		return -1 // for another reason
	}
	return resp.StatusCode
}

// empty reports whether the gateway has no clients.
func (d *drained) empty() bool {
	d.t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	resp, err := client.Get(d.admin + "/metrics")
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	found := clientsMetric.FindSubmatch(text)
	if err != nil || found == nil {
		d.t.Fatalf("no number of clients, %v, in %s", err, text)
	}
	return string(found[1]) == "0"
}

var clientsMetric = regexp.MustCompile(`(?m)^gatewayworker_clients\{.*\} (\d+)$`)

// wantDraining wants what a drain of one client says that has begun just now, by a
// clock that may have gone on since.
func wantDraining(t *testing.T, got string, atMost time.Duration) {
	t.Helper()
	left, ok := strings.CutPrefix(got, "draining: 1 of 1 client left, ")
	left, ok2 := strings.CutSuffix(left, " at most\n")
	if took, err := time.ParseDuration(left); !ok || !ok2 || err != nil || took > atMost || took < atMost-patience {
		t.Errorf("drain: %q, want about %v at most", got, atMost)
	}
}

// guest connects a client, and returns when it is greeted.
func (d *drained) guest() *websocket.Conn {
	d.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+d.client, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	if _, text, err := conn.ReadMessage(); err != nil || !strings.Contains(string(text), "welcome") {
		d.t.Fatalf("greeting %q, %v", text, err)
	}
	return conn
}

// dismissed waits until a client's connection ends, with a close code if it is not 0.
func (d *drained) dismissed(conn *websocket.Conn, code int) {
	d.t.Helper()
	_, _, err := conn.ReadMessage()
	if code == 0 && !errors.Is(err, os.ErrDeadlineExceeded) && err != nil || websocket.IsCloseError(err, code) {
		return
	}
	d.t.Errorf("the client's connection ends with %v, want %d", err, code)
}

func (d *drained) exits(want ...int) {
	d.t.Helper()
	if code := d.exit(); !slices.Contains(want, code) {
		d.t.Errorf("exit code %d, want one of %v", code, want)
	}
}

// TestDrainBySignal: SIGTERM takes readiness away first; clients are still served
// while others are sent away; it ends as soon as all are gone.
func TestDrainBySignal(t *testing.T) {
	d := startDrained(t, "drain-time: 1h\n")
	one := d.guest()
	d.signal(syscall.SIGTERM)
	d.logged("clients are sent away", "clients=1", "drain_time=1h0m0s")
	testwait.Until(t, "it is not ready", func() bool { return d.ready() == http.StatusServiceUnavailable })
	two := d.guest() // a load balancer has not noticed
	two.Close()
	one.Close()
	d.logged("the clients are sent away", "clients=0")
	d.exits(0)
}

// TestDrainSecondSignal: it stops at once.
func TestDrainSecondSignal(t *testing.T) {
	d := startDrained(t, "drain-time: 1h\n")
	one := d.guest()
	d.signal(syscall.SIGTERM)
	d.logged("clients are sent away")
	d.signal(syscall.SIGTERM)
	d.logged("a second signal: stopping at once")
	d.exits(0, exitUnfinished) // it may have nothing to send
	d.dismissed(one, 0)
}

// TestDrainCloses: over a short time all are closed, with the code that is set.
func TestDrainCloses(t *testing.T) {
	d := startDrained(t, "drain-time: 200ms\ndrain-code: 1012\n")
	var guests []*websocket.Conn
	for range 5 {
		guests = append(guests, d.guest())
	}
	d.signal(syscall.SIGTERM)
	for _, conn := range guests {
		d.dismissed(conn, websocket.CloseServiceRestart)
	}
	d.exits(0)
}

// TestDrainCommand: the process serves on without its clients, and is not ready,
// until it is stopped.
func TestDrainCommand(t *testing.T) {
	d := startDrained(t, "")
	one := d.guest()
	wantDraining(t, command(t, 0, "drain", "--config", d.file, "--time", "1h"), time.Hour)
	if status := d.ready(); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", status)
	}
	// Who asks again joins the one under way, whatever they want.
	wantDraining(t, command(t, 0, "drain", "--control-socket", d.socket, "--time", "0"), time.Hour)
	one.Close()
	testwait.Until(t, "the gateway has no client", d.empty)
	if got := command(t, 0, "drain", "--config", d.file, "--wait"); !strings.HasSuffix(got, "drained: 1 client sent away\n") && !strings.HasSuffix(got, "drained: 0 clients sent away\n") {
		t.Errorf("drain --wait: %q", got) // the first one is over, or not yet
	}

	// New clients are served all the same; the next drain closes them, at once.
	two := d.guest()
	if got := command(t, 0, "drain", "--config", d.file, "--wait", "--time", "0"); !strings.Contains(got, "drained: ") {
		t.Errorf("drain --time 0: %q", got)
	}
	d.dismissed(two, websocket.CloseGoingAway)
	if status := d.ready(); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz after it: %d", status)
	}

	if runtime.GOOS == "linux" { // a process that has drained would be ready after an upgrade
		if got := command(t, exitFailure, "upgrade", "--config", d.file); !strings.Contains(got, "being sent away") {
			t.Errorf("upgrade: %q", got)
		}
	}

	// --stop.
	if got := command(t, 0, "drain", "--config", d.file, "--wait", "--refuse", "--stop"); !strings.HasSuffix(got, "the process has stopped\n") {
		t.Errorf("drain --stop: %q", got)
	}
	d.exits(0)
	if got := command(t, exitFailure, "drain", "--config", d.file); !strings.Contains(got, "no process answers") {
		t.Errorf("drain without a process: %q", got)
	}
	for _, bad := range []string{"-1", "soon", "25h"} {
		if got := command(t, exitUsage, "drain", "--config", d.file, "--time", bad); !strings.Contains(got, "--time") {
			t.Errorf("--time %s: %q", bad, got)
		}
	}
	if got := command(t, exitUsage, "drain"); !strings.Contains(got, "control-socket") {
		t.Errorf("drain without a socket: %q", got)
	}
}

// TestDrainReload: how long a drain takes changes while the process runs.
func TestDrainReload(t *testing.T) {
	d := startDrained(t, "drain-time: 1h\n")
	text, err := os.ReadFile(d.file)
	if err != nil {
		t.Fatal(err)
	}
	d.configure(strings.Replace(string(text), "drain-time: 1h", "drain-time: 2h\ndrain-code: 1012\ndrain-refuse: true", 1))
	if got := command(t, 0, "reload", "--config", d.file); got != "changed: drain-time, drain-refuse, drain-code\n" {
		t.Errorf("reload: %q", got)
	}
	one := d.guest()
	wantDraining(t, command(t, 0, "drain", "--config", d.file), 2*time.Hour)
	testwait.Until(t, "the port is closed", func() bool {
		conn, err := net.Dial("tcp", d.client)
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	d.signal(syscall.SIGTERM) // joins it
	d.logged("stopping")
	one.Close()
	d.exits(0)
}

// TestDrainWithoutGateways: a Register has no clients.
func TestDrainWithoutGateways(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "control.sock")
	p := startProcess(t, nil, "register", "--listen", "text://127.0.0.1:0", "--control-socket", socket)
	p.logged("register is serving")
	if got := command(t, exitFailure, "drain", "--control-socket", socket); !strings.Contains(got, "the process has no gateway") {
		t.Errorf("drain: %q", got)
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
