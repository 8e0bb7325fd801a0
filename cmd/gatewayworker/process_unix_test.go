//go:build unix

package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

const stopTimeoutVariable = envPrefix + "STOP_TIMEOUT"

// running is a gatewayworker process.
type running struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines <-chan string // what it logs; nil if start was given a stderr
}

// startProcess starts gatewayworker. Without a stderr its log lines come on lines.
func startProcess(t *testing.T, stderr *os.File, args ...string) *running {
	t.Helper()
	return startProcessAs(t, func(*exec.Cmd) {}, stderr, args...)
}

// startProcessAs is startProcess with a command that is changed before.
func startProcessAs(t *testing.T, change func(*exec.Cmd), stderr *os.File, args ...string) *running {
	t.Helper()
	p := &running{t: t, cmd: exec.Command("gatewayworker", args...)}
	change(p.cmd)
	// A stop in good order may take its time, unless a test says how long.
	p.cmd.Env = append(append([]string{stopTimeoutVariable + "=" + patience.String()}, os.Environ()...), "GORACE=atexit_sleep_ms=0")
	if stderr != nil {
		p.cmd.Stderr = stderr
	} else {
		pipe, err := p.cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		lines := make(chan string, 1000)
		p.lines = lines
		go func() {
			defer close(lines)
			for s := bufio.NewScanner(pipe); s.Scan(); {
				lines <- s.Text()
			}
		}()
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

func (p *running) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// logged waits for a line with all the texts, and returns it.
func (p *running) logged(texts ...string) string {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("the process has ended without a line with %q", texts)
			}
			found := true
			for _, text := range texts {
				found = found && strings.Contains(line, text)
			}
			if found {
				return line
			}
		case <-timeout:
			p.t.Fatalf("no line with %q", texts)
		}
	}
}

// exit waits for the end of the process, and returns its exit code; a signal
// that ended it is negative.
func (p *running) exit() int {
	p.t.Helper()
	if p.lines != nil {
		for range p.lines { // Wait closes the pipe
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
	case <-time.After(patience):
		p.t.Fatal("the process does not end")
	}
	if status := p.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signaled() {
		return -int(status.Signal())
	}
	return p.cmd.ProcessState.ExitCode()
}

// field returns the value of a field in a log line.
func field(t *testing.T, line, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(line, " "+name+"=")
	if !ok {
		t.Fatalf("no %s in %q", name, line)
	}
	value, _, _ := strings.Cut(rest, " ")
	return strings.Trim(value, `"`)
}

// freePorts returns ports that are the test's as long as it runs: it may take a
// while until a process has opened them.
func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		port, release := clustertest.ReservePort()
		t.Cleanup(release)
		ports = append(ports, strconv.Itoa(port))
	}
	return ports
}

// certificateOf returns the certificate that a gateway shows. Without a worker,
// which it may not have at first, a gateway closes connections.
func certificateOf(t *testing.T, addr string) []byte {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err == nil {
			defer conn.Close()
			return conn.ConnectionState().PeerCertificates[0].Raw
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// SIGHUP reads the certificates again; files that are no good change nothing.
func TestHangupReadsCertificatesAgain(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	install := func() []byte {
		cert, key := selfSigned(t)
		pair, err := tls.X509KeyPair(cert, key)
		if err == nil {
			err = errors.Join(os.WriteFile(certFile, cert, 0o600), os.WriteFile(keyFile, key, 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
		return pair.Certificate[0]
	}
	first := install()
	ports := freePorts(t, 3)
	addr := "127.0.0.1:" + ports[0]
	p := startProcess(t, nil, "start", "--listen", "websocket://"+addr, "--start-port", ports[1], "--register-listen", "text://127.0.0.1:"+ports[2],
		"--transport", "ssl", "--ssl-cert", certFile, "--ssl-key", keyFile,
		"--ssl-watch", "1s", "--admin-listen", "off",
		"--chat-listen", "127.0.0.1:0") // the chat has a worker
	p.logged("the certificate expires soon", "certificate="+certFile)
	if !bytes.Equal(certificateOf(t, addr), first) {
		t.Error("another certificate than the file's")
	}

	second := install()
	p.signal(syscall.SIGHUP)
	p.logged("SIGHUP", "read again", "certificate="+certFile, "not_after=")
	if !bytes.Equal(certificateOf(t, addr), second) {
		t.Error("the old certificate after SIGHUP")
	}

	if err := os.WriteFile(keyFile, []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.logged("level=error", "SIGHUP", keyFile)
	if !bytes.Equal(certificateOf(t, addr), second) {
		t.Error("a file that is no good changed the certificate")
	}

	// Without a signal, too, once the files have changed. One that expires soon is
	// warned of at the start.
	third := install()
	p.logged("the certificate has changed", "certificate="+certFile, "not_after=", "names=gateway")
	if !bytes.Equal(certificateOf(t, addr), third) {
		t.Error("the old certificate after its file has changed")
	}

	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestHangupOfARegister(t *testing.T) {
	p := startProcess(t, nil, "register", "--listen", "text://127.0.0.1:0")
	addr := field(t, p.logged("register is serving"), "listen")
	for range 3 {
		p.signal(syscall.SIGHUP)
		p.logged("SIGHUP", "nothing")
	}
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// fullPipe returns a pipe that takes no more bytes.
func fullPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	if err := syscall.SetNonblock(fds[1], true); err != nil {
		t.Fatal(err)
	}
	for size := 4096; size > 0; {
		if _, err := syscall.Write(fds[1], make([]byte, size)); err == syscall.EAGAIN {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.SetNonblock(fds[1], false); err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(fds[0]), "reader"), os.NewFile(uintptr(fds[1]), "writer")
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// answers waits until a Register answers, which it does to a line that is not
// JSON by closing the connection and by a log line.
func answers(t *testing.T, addr string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
			fmt.Fprintln(conn, "what is this")
			_, err = conn.Read(make([]byte, 1))
			conn.Close()
			if timeout := net.Error(nil); !errors.As(err, &timeout) || !timeout.Timeout() {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("the Register at %s does not answer: %v", addr, err)
		}
	}
}

// servesAndEnds has a Register that logs to stderr answer twenty peers, one by one,
// and end in good order.
func servesAndEnds(t *testing.T, stderr *os.File) {
	t.Helper()
	addr := "127.0.0.1:" + freePorts(t, 1)[0]
	p := startProcess(t, stderr, "register", "--listen", "text://"+addr)
	for range 20 {
		answers(t, addr)
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A reader of stderr that hangs holds nothing up, not even the end.
func TestStderrThatIsNotRead(t *testing.T) {
	_, w := fullPipe(t)
	servesAndEnds(t, w)
}

// A reader of stderr that is gone ends nothing.
func TestStderrThatIsClosed(t *testing.T) {
	r, w := fullPipe(t)
	r.Close()
	servesAndEnds(t, w)
}

// Signals that come while the process stops never kill it.
func TestManySignals(t *testing.T) {
	for range 5 {
		p := startProcess(t, nil, "register", "--listen", "text://127.0.0.1:0")
		p.logged("register is serving")
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for p.cmd.Process.Signal(syscall.SIGTERM) == nil && p.cmd.Process.Signal(syscall.SIGHUP) == nil {
			}
		}()
		if code := p.exit(); code != 0 && code != exitUnfinished {
			t.Errorf("exit code %d", code)
		}
		<-stop
	}
}
