package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// pseudoTerminal is a terminal whose other end the test has.
type pseudoTerminal struct {
	t     *testing.T
	keys  *os.File // written here
	inner *os.File // the program's

	mu    sync.Mutex // guards shown
	shown strings.Builder
	ended chan struct{}
}

func newPseudoTerminal(t *testing.T) *pseudoTerminal {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("SKIPPED no pseudo-terminals: %v", err)
	}
	fd := int(outer.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	inner, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("SKIPPED no pseudo-terminals: %v", err)
	}
	p := &pseudoTerminal{t: t, keys: outer, inner: inner, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		buf := make([]byte, 4<<10)
		for {
			n, err := outer.Read(buf)
			p.mu.Lock()
			p.shown.Write(buf[:n])
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

func (p *pseudoTerminal) resize(columns, rows uint16) {
	p.t.Helper()
	if err := unix.IoctlSetWinsize(int(p.keys.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pseudoTerminal) press(keys string) {
	p.t.Helper()
	if _, err := p.keys.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

var styles = regexp.MustCompile("\x1b\\[[0-9;]*m")

// screen returns the lines of the last whole frame.
func (p *pseudoTerminal) screen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	frames := strings.Split(p.shown.String(), toTheTop)
	for i := len(frames) - 1; i > 0; i-- {
		if text, _, whole := strings.Cut(frames[i], toScreenEnd); whole {
			text = strings.ReplaceAll(styles.ReplaceAllString(text, ""), toLineEnd, "")
			return strings.Split(strings.ReplaceAll(text, "\r\r", "\r"), "\r\n") // the terminal adds one
		}
	}
	return nil
}

func (p *pseudoTerminal) shows(pattern string) {
	p.t.Helper()
	want := regexp.MustCompile(pattern)
	p.until(pattern, func(lines []string) bool { return slices.ContainsFunc(lines, want.MatchString) })
}

func (p *pseudoTerminal) until(what string, is func(lines []string) bool) {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			p.t.Logf("the screen:\n%s", strings.Join(p.screen(), "\n"))
		}
	}()
	testwait.Until(p.t, what, func() bool { return is(p.screen()) })
}

// TestStatusOnScreen: a person watches a cluster whose clients talk, makes the
// window smaller, and leaves.
func TestStatusOnScreen(t *testing.T) {
	ports := freePorts(t, 4)
	client, admin, register := "127.0.0.1:"+ports[0], "127.0.0.1:"+ports[1], "127.0.0.1:"+ports[2]
	file := filepath.Join(t.TempDir(), "gatewayworker.yaml")
	text := fmt.Sprintf("register-listen: text://%s\nadmin-listen: %s\nchat: true\nchat-listen: 127.0.0.1:0\ngateways:\n  - name: web\n    listen: websocket://%s\n    start-port: %s\n", register, admin, client, ports[3])
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GATEWAYWORKER_ADMIN_LISTEN", admin)
	server := startProcess(t, nil, "start", "--config", file)
	server.logged("business worker connected")
	conn, _, err := websocket.DefaultDialer.Dial("ws://"+client, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var talking sync.WaitGroup
	defer talking.Wait()
	defer cancel()
	talking.Go(func() {
		for ticker := time.NewTicker(10 * time.Millisecond); ; {
			if conn.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) != nil {
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})

	p := newPseudoTerminal(t)
	defer p.keys.Close()
	p.resize(140, 20)
	cmd := exec.Command("gatewayworker", "status", "--watch", "--interval", "100ms", "--register-address", register, "--admin-address", admin)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.inner, p.inner, p.inner
	cmd.Env = append(os.Environ(), "TERM=xterm", "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.inner.Close()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()

	p.shows(`^gatewayworker status · \d\d:\d\d:\d\d +every 100ms · q leaves · r looks now$`)
	p.shows(`^GATEWAY +CLIENTS +UIDS +GROUPS +WORKERS +IN/S +OUT/S +IN B/S +OUT B/S +DROPPED/S +TIME +STATE$`)
	p.shows(`^` + register + ` +ok +\S+ +1$`)
	p.shows(`^web 127\.0\.0\.1:` + ports[3] + ` +1 +0 +0 +1 +[1-9][0-9.k]* +[0-9.]+ +[1-9][0-9.kM]* +[0-9.k]+ +0 +\S+ +ok$`)
	p.resize(50, 5)
	p.until("the screen is as small as the window", func(lines []string) bool {
		for _, line := range lines {
			if utf8.RuneCountInString(line) > 50 {
				return false
			}
		}
		return len(lines) == 5 && strings.HasPrefix(lines[4], "… ")
	})
	p.resize(140, 20)
	p.shows(`STATE$`)
	p.press("rxq")
	if err := <-exited; err != nil {
		t.Errorf("exit: %v", err)
	}
	<-p.ended // the terminal has no program any more
	if got := p.shown.String(); !strings.HasPrefix(got, enterScreen) || !strings.HasSuffix(got, leaveScreen) {
		t.Errorf("the terminal is not given back as it was: %q ... %q", got[:min(len(got), 40)], got[max(0, len(got)-40):])
	}
}
