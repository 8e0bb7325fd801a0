package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// The process that serves is killed: the one that holds the pid ends as it did.
func TestUpgradedProcessIsKilled(t *testing.T) {
	u := startUpgraded(t)
	u.upgrade(0)
	serving := servedBy(t, u.upgrade(0))
	if err := syscall.Kill(serving, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := u.exit(); code != -int(syscall.SIGKILL) {
		t.Errorf("exit code %d", code)
	}
}

// The process that holds the pid is killed: so is what it stands for.
func TestHolderIsKilled(t *testing.T) {
	u := startUpgraded(t)
	u.upgrade(0)
	u.upgrade(0)
	u.signal(syscall.SIGKILL)
	u.logged("the process that holds the pid has ended: ending")
	if code := u.exit(); code != -int(syscall.SIGKILL) { // and nobody has its stderr any more
		t.Errorf("exit code %d", code)
	}
	// Of the files of a process that ends stderr is not the last one to be closed.
	testwait.Until(t, "nobody serves the inner port", func() bool {
		c, err := net.Dial("tcp", u.InnerAddr)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
}

// deafClient connects a client who is sent more than the kernel takes, so that a
// stop has to wait for it.
func (u *upgraded) deafClient() net.Conn {
	u.t.Helper()
	c, err := net.Dial("tcp", u.ClientAddr)
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	id := u.worker.Next(u.t, gp.CmdOnWebSocketConnect).ConnectionID
	for range 200 {
		u.worker.Send(u.t, gp.Message{Cmd: gp.CmdSendToOne, Flag: gp.FlagBodyIsScalar, ConnectionID: id, Body: make([]byte, 100_000)})
	}
	return c
}

// A service manager may send a stop to all processes of a service: that is one
// stop. One by one they are two, and the second one stops at once.
func TestStopOfUpgraded(t *testing.T) {
	t.Run("to all processes", func(t *testing.T) {
		u := startUpgraded(t, "--stop-timeout", "1h")
		serving := servedBy(t, u.upgrade(0))
		deaf := u.deafClient()
		u.talk()
		if err := syscall.Kill(serving, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		u.signal(syscall.SIGTERM)
		u.logged("stopping; a second signal stops at once")
		_, _ = io.Copy(io.Discard, deaf)
		if code := u.exit(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	})
	t.Run("twice", func(t *testing.T) {
		u := startUpgraded(t, "--stop-timeout", "1h")
		u.upgrade(0)
		u.deafClient()
		u.talk()
		u.signal(syscall.SIGTERM)
		u.logged("stopping; a second signal stops at once")
		u.signal(syscall.SIGINT)
		if code := u.exit(); code != exitUnfinished {
			t.Errorf("exit code %d, want %d", code, exitUnfinished)
		}
	})
}

// A stop while a new process is prepared ends that, and is a stop as always.
func TestStopDuringUpgrade(t *testing.T) {
	step := filepath.Join(t.TempDir(), "step")
	t.Setenv(wrongVariable, step)
	if err := os.WriteFile(step, []byte("silent"), 0o600); err != nil {
		t.Fatal(err)
	}
	wrong, err := exec.LookPath(wrongProgram)
	if err != nil {
		t.Fatal(err)
	}
	u := startUpgraded(t)
	said := make(chan string, 1)
	upgrade := exec.Command("gatewayworker", "upgrade", "--control-socket", u.socket, "--timeout", "1h", "--binary", wrong)
	go func() {
		out, _ := upgrade.CombinedOutput()
		said <- string(out)
	}()
	testwait.Until(t, "the new process is there", func() bool { return len(childrenOf(u.cmd.Process.Pid)) > 0 })
	// Another upgrade is refused meanwhile.
	if said := u.upgrade(exitFailure); !strings.Contains(said, "an upgrade is under way") {
		t.Errorf("it says %q", said)
	}
	u.talk()
	u.signal(syscall.SIGTERM)
	if code := u.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := <-said; !strings.Contains(got, "the process is stopping") && !strings.Contains(got, "no process answers") {
		t.Errorf("upgrade says %q", got)
	}
}

// childrenOf are the pids of a process's children.
func childrenOf(pid int) []string {
	var all []string
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		all = append(all, strings.Fields(string(text))...)
	}
	return all
}

// TestUpgradeTellsSystemd: all that systemd hears comes from the pid that it knows.
func TestUpgradeTellsSystemd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", "2000000") // seldom enough for a reader who stands still meanwhile
	type told struct {
		state string
		pid   int32
	}
	states := make(chan told, 10_000)
	go func() { // as systemd, which reads at once
		defer close(states)
		buf, oob := make([]byte, 1000), make([]byte, 1000)
		for {
			n, k, _, _, err := conn.ReadMsgUnix(buf, oob)
			if err != nil {
				return
			}
			s := told{state: string(buf[:n])}
			if messages, err := unix.ParseSocketControlMessage(oob[:k]); err == nil && len(messages) > 0 {
				if cred, err := unix.ParseUnixCredentials(&messages[0]); err == nil {
					s.pid = cred.Pid
				}
			}
			states <- s
		}
	}()
	u := startUpgraded(t)
	// heard waits for a state.
	heard := func(state string) {
		t.Helper()
		timeout := time.After(patience)
		for {
			select {
			case s := <-states:
				if int(s.pid) != u.cmd.Process.Pid {
					t.Fatalf("%s comes from process %d", s.state, s.pid)
				}
				if s.state == state {
					return
				}
			case <-timeout:
				t.Fatalf("%s is never told", state)
			}
		}
	}
	heard("READY=1")
	for range 2 {
		u.upgrade(0)
		u.talk()
		heard("RELOADING=1")
		heard("READY=1")
		heard("WATCHDOG=1")
	}
	u.signal(syscall.SIGTERM)
	heard("STOPPING=1")
	if code := u.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestUpgradeOfPidOne is the program as the first process of a container: the pid
// stays, and processes that lose their parent are reaped.
func TestUpgradeOfPidOne(t *testing.T) {
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	if out, err := exec.Command("unshare", "--pid", "--fork", "true").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED: no namespace of pids can be made: %v: %s", err, out)
	}
	u := startUpgradedAs(t, func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID} })
	for range 3 {
		if said := u.upgrade(0); !strings.Contains(said, "process:           1, of which") {
			t.Errorf("it says\n%s", said)
		}
		u.talk()
	}
	pid := u.cmd.Process.Pid
	if out, err := exec.Command(nsenter, "--pid", "--target", fmt.Sprint(pid), "sh", "-c", "sleep 0.01 & exit 0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	testwait.Until(t, "all but the process that serves are reaped", func() bool { return len(childrenOf(pid)) == 1 })
	u.signal(syscall.SIGTERM)
	if code := u.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestUpgradeToAReplacedFile: the file of the program is another one meanwhile, by
// its name or behind a link.
func TestUpgradeToAReplacedFile(t *testing.T) {
	own, err := exec.LookPath("gatewayworker")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	install := func(name string) string {
		t.Helper()
		path := filepath.Join(dir, name, "gatewayworker")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, program, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	runs := func(pid int, path string) {
		t.Helper()
		if got, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err != nil || got != path {
			t.Errorf("%s runs, want %s; %v", got, path, err)
		}
	}
	one, two := install("1"), install("2")
	link := filepath.Join(dir, "gatewayworker")
	if err := os.Symlink(one, link); err != nil {
		t.Fatal(err)
	}
	u := startUpgradedAs(t, func(c *exec.Cmd) { c.Path, c.Args[0] = link, link })
	if err := os.Rename(install("new"), one); err != nil {
		t.Fatal(err)
	}
	runs(u.cmd.Process.Pid, one+" (deleted)")
	runs(servedBy(t, u.upgrade(0)), one)
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(two, link); err != nil {
		t.Fatal(err)
	}
	runs(servedBy(t, u.upgrade(0)), two)
	u.talk()
}
