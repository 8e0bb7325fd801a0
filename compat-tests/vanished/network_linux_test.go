package vanished

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// network is two hosts with a cable between them: namespaces, which end with the
// processes that hold them.
type network struct {
	t           *testing.T
	here, there host
}

type host struct {
	t   *testing.T
	pid int // of the process that holds it
	ip  string
}

// newNetwork makes both hosts, and skips the test where that is not possible.
func newNetwork(t *testing.T) *network {
	t.Helper()
	for _, tool := range []string{"unshare", "nsenter", "ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED peers that vanish: %s is not installed", tool)
		}
	}
	if out, err := exec.Command("unshare", "-n", "nft", "add", "table", "inet", "t").CombinedOutput(); err != nil {
		t.Skipf("SKIPPED peers that vanish: no network namespaces or no nftables here (root?): %v %s", err, out)
	}
	n := &network{t: t, here: newHost(t, "10.99.0.1"), there: newHost(t, "10.99.0.2")}
	n.here.run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", fmt.Sprint(n.there.pid))
	for _, h := range []host{n.here, n.there} {
		h.run("ip", "addr", "add", h.ip+"/24", "dev", "cable")
		h.run("ip", "link", "set", "cable", "up")
		h.run("ip", "link", "set", "lo", "up")
		h.run("nft", "add", "table", "inet", "t")
		h.run("nft", "add", "chain", "inet", "t", "in", "{ type filter hook input priority 0; }")
	}
	return n
}

func newHost(t *testing.T, ip string) host {
	t.Helper()
	holder := exec.Command("unshare", "-n", "sleep", "600")
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	h := host{t: t, pid: holder.Process.Pid, ip: ip}
	own, _ := os.Readlink("/proc/self/ns/net")
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // there is no event for it
		if other, err := os.Readlink(h.namespace()); err == nil && other != own {
			return h
		}
		if time.Now().After(end) {
			t.Fatal("there is no namespace")
		}
	}
}

func (h host) namespace() string { return fmt.Sprintf("/proc/%d/ns/net", h.pid) }

// command is a command that runs on the host.
func (h host) command(args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{fmt.Sprintf("--net=%s", h.namespace())}, args...)...)
}

func (h host) run(args ...string) {
	h.t.Helper()
	if out, err := h.command(args...).CombinedOutput(); err != nil {
		h.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// cut drops every packet that comes through the cable, on both sides, as if it
// were pulled out somewhere in the middle.
func (n *network) cut() {
	for _, h := range []host{n.here, n.there} {
		h.run("nft", "add", "rule", "inet", "t", "in", "iifname", "cable", "drop")
	}
}

func (n *network) mend() {
	for _, h := range []host{n.here, n.there} {
		h.run("nft", "flush", "chain", "inet", "t", "in")
	}
}

// do calls f on a thread that is on the host. A socket stays where it was made.
func (h host) do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		ns, err := os.Open(h.namespace())
		if err == nil {
			defer ns.Close()
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// dial is for the Dial of options.
func (h host) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = h.do(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

func (h host) listen() (ln net.Listener) {
	h.t.Helper()
	if err := h.do(func() (err error) {
		ln, err = net.Listen("tcp4", net.JoinHostPort(h.ip, "0"))
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = ln.Close() })
	return ln
}
