//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/workerman"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// child is the program as a child of Workerman's, whose part the test plays.
type child struct {
	*workerman.Master
	t     *testing.T
	cmd   *exec.Cmd
	inner string
}

// startChild starts the program with a listener that it gets from its parent.
func startChild(t *testing.T, version string, args ...string) *child {
	t.Helper()
	return startPatientChild(t, 50, version, args...)
}

// startPatientChild is startChild with the seconds that the master waits at a stop.
func startPatientChild(t *testing.T, seconds float64, version string, args ...string) *child {
	t.Helper()
	dir := t.TempDir()
	c := &child{t: t, inner: "127.0.0.1:" + freePorts(t, 1)[0], Master: &workerman.Master{
		Protocol: workerman.Protocol, Version: version, Listener: true, Timers: 1,
		Name: "ChatGateway", AppProtocol: "Websocket", Transport: "tcp",
		Title:    "WorkerMan: worker process  ChatGateway websocket://127.0.0.1:1",
		LogFile:  filepath.Join(dir, "log"),
		Timezone: "UTC", StopTimeout: seconds,
		StatusFile: filepath.Join(dir, "status"), ConnectionsFile: filepath.Join(dir, "connections"),
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	t.Cleanup(func() { _ = l.Close() })
	c.Socket = "websocket://" + l.Addr().String()
	text, err := json.Marshal(c.Master)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(c.inner)
	args = append([]string{"gateway", "--listen=" + c.Socket, "--start-port=" + port, "--register-address=" + c.inner, "--workerman=" + string(text)}, args...)
	c.cmd = exec.Command("gatewayworker", args...)
	c.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	c.cmd.ExtraFiles = []*os.File{file}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	return c
}

func (c *child) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// wrote waits until a file has a text, and returns what is in it.
func (c *child) wrote(file, text string) string {
	c.t.Helper()
	var got []byte
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got, _ = os.ReadFile(file); strings.Contains(string(got), text) {
			return string(got)
		}
	}
	log, _ := os.ReadFile(c.LogFile)
	c.t.Fatalf("%s has %q, want %q; the log:\n%s", filepath.Base(file), got, text, log)
	return ""
}

// exits waits for the end of the program, and returns its exit code.
func (c *child) exits() int {
	c.t.Helper()
	timer := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	var exit *exec.ExitError
	if err := c.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return c.cmd.ProcessState.ExitCode()
}

func TestChildOfWorkerman(t *testing.T) {
	c := startChild(t, "5.2.2")
	c.wrote(c.LogFile, fmt.Sprintf(" pid:%d gateway is serving inner=%s lan_ip=127.0.0.1 listen=%s role=gateway\n", c.cmd.Process.Pid, c.inner, strings.TrimPrefix(c.Socket, "websocket://")))
	if title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", c.cmd.Process.Pid)); err == nil {
		if got := strings.TrimRight(string(title), "\x00"); got != c.Title {
			t.Errorf("title %q, want %q", got, c.Title)
		}
	} else {
		t.Logf("no /proc: %v", err)
	}
	c.signal(syscall.SIGABRT)
	c.wrote(c.StatusFile, fmt.Sprintf("%d\t", c.cmd.Process.Pid))
	c.signal(syscall.SIGUSR1)
	c.wrote(c.LogFile, "nothing has changed")
	c.signal(syscall.SIGUSR2)

	conn, err := net.Dial("tcp", c.inner)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := os.Stat("/proc/self/fd"); err == nil {
		for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) { // it has to accept before
			c.signal(syscall.SIGIO)
			if text, _ := os.ReadFile(c.ConnectionsFile); strings.Contains(string(text), "GatewayInner..  ") {
				break
			}
			if time.Now().After(end) {
				t.Fatal("the connection to the inner port is not listed")
			}
		}
	}
	c.signal(syscall.SIGINT)
	c.signal(syscall.SIGINT)
	c.signal(syscall.SIGINT)
	if code := c.exits(); code != 0 {
		t.Errorf("exit code %d after SIGINT", code)
	}
}

func TestChildOfWorkermanStops(t *testing.T) {
	for name, test := range map[string]struct {
		version string
		signals []syscall.Signal
	}{
		"5, SIGTERM":                  {"5.2.2", []syscall.Signal{syscall.SIGTERM}},
		"4 ignores SIGTERM":           {"4.2.1", []syscall.Signal{syscall.SIGTERM, syscall.SIGINT}},
		"SIGHUP":                      {"5.2.2", []syscall.Signal{syscall.SIGHUP}},
		"SIGTSTP":                     {"5.2.2", []syscall.Signal{syscall.SIGTSTP}},
		"gracefully, without clients": {"5.2.2", []syscall.Signal{syscall.SIGQUIT}},
	} {
		t.Run(name, func(t *testing.T) {
			c := startChild(t, test.version)
			c.wrote(c.LogFile, "gateway is serving")
			for i, s := range test.signals {
				c.signal(s)
				if i+1 < len(test.signals) {
					c.signal(syscall.SIGABRT)
					c.wrote(c.StatusFile, "\t") // it goes on
				}
			}
			if code := c.exits(); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// A child that cannot serve says so in the log, and ends as a worker of PHP's does.
func TestChildOfWorkermanFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	c := startChild(t, "5.2.2", "--start-port="+port)
	if code := c.exits(); code != exitWorker {
		t.Errorf("exit code %d, want %d", code, exitWorker)
	}
	c.wrote(c.LogFile, "address already in use")
}

// Under a master a drain takes what the master waits for a child at most, and a
// graceful stop as long as drain-time.
func TestChildOfWorkermanDrains(t *testing.T) {
	for name, test := range map[string]struct {
		drainTime string
		stop      syscall.Signal
		takes     string
	}{
		"stop":            {"1h", syscall.SIGINT, "300ms"}, // half of what the master leaves
		"a graceful stop": {"400ms", syscall.SIGQUIT, "400ms"},
	} {
		t.Run(name, func(t *testing.T) {
			c := startPatientChild(t, 1.5, "5.2.2", "--drain-time="+test.drainTime, "--drain-code=1012")
			c.wrote(c.LogFile, "gateway is serving")
			worker, err := net.Dial("tcp", c.inner)
			if err != nil {
				t.Fatal(err)
			}
			defer worker.Close()
			hello := gatewayprotocol.Message{Cmd: gatewayprotocol.CmdWorkerConnect, Flag: gatewayprotocol.FlagBodyIsScalar, Body: []byte(`{"worker_key":"w:0","secret_key":""}`)}
			if _, err := worker.Write(gatewayprotocol.AppendMessage(nil, &hello)); err != nil {
				t.Fatal(err)
			}
			c.wrote(c.LogFile, "business worker connected")
			client, _, err := websocket.DefaultDialer.Dial("ws://"+strings.TrimPrefix(c.Socket, "websocket://"), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			_ = client.SetReadDeadline(time.Now().Add(patience))
			c.signal(test.stop)
			// At a stop the time may be over before it is the client's turn.
			if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseServiceRestart) && test.stop == syscall.SIGQUIT {
				t.Errorf("the client's connection ends with %v, want 1012", err)
			}
			if code := c.exits(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			c.wrote(c.LogFile, "clients are sent away clients=1 drain_time="+test.takes)
			c.wrote(c.LogFile, "the clients are sent away")
		})
	}
}
