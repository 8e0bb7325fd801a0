package endurance

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"golang.org/x/sys/unix"
)

// TestFilesExhausted: more connect than the gateway may open. Those who are there
// are served on, the gateway neither spins nor fills its log, and when the crowd
// has gone new clients are welcome.
func TestFilesExhausted(t *testing.T) {
	const files = 128
	c := startCluster(t, gatewayConfig{Files: files})
	c.addWorker(t)
	b := stand(t, 4, c.Client, c.Secure)
	b.served(t)
	before := c.gateway.Collected(t)
	lines := strings.Count(c.gateway.Log(), "\n")

	var crowd []net.Conn
	for i := range 2 * files {
		address := []string{c.Client, c.Secure, c.Inner}[i%3]
		conn, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			t.Fatal(err)
		}
		crowd = append(crowd, conn)
	}
	testwait.Until(t, "the gateway has all the files that it may have", func() bool { return c.gateway.Stats(t).Files >= files-1 })
	_, _ = b.since()
	start := c.gateway.Stats(t).CPU
	const d = 2 * time.Second
	pause(d)
	cpu := c.gateway.Stats(t).CPU - start
	during, err := b.since()
	t.Logf("at the limit of files: %v; %.2f s of CPU in %v", during, cpu, d)
	if err != nil {
		t.Error(err)
	}
	b.served(t)
	if n := strings.Count(c.gateway.Log(), "\n") - lines; n > 100 {
		t.Errorf("%d lines were logged", n)
	}
	for _, conn := range crowd {
		conn.Close()
	}
	after := recovered(t, c, before, 0)
	t.Log(difference(before, after))
	for _, address := range []string{c.Client, c.Secure} {
		late, err := join(address, address == c.Secure)
		if err != nil {
			t.Fatal(err)
		}
		if err := late.ask("elate", "elate"); err != nil {
			t.Error(err)
		}
		late.Close()
	}
	b.served(t)
}

// hungry are the attacks that make a gateway use much memory for a short time.
var hungry = []string{"half TLS handshakes", "messages for half handshakes", "tiny fragments", "messages at the limit", "deaf questioner", "deflate bombs"}

// TestMemoryLimit has the gateway attacked where it may not have more memory than
// its bounds say that it needs: what is garbage must not count.
func TestMemoryLimit(t *testing.T) {
	limit := uint64(320 << 20)
	if race {
		limit *= 8 // the detector's shadow
	}
	c := startCluster(t, gatewayConfig{}, fmt.Sprintf("GOMEMLIMIT=%d", limit*3/4))
	confine(t, c.gateway.PID, limit)
	c.addWorker(t)
	b := stand(t, 4, c.Client, c.Secure)
	b.served(t)
	for _, attack := range attacks {
		if slices.Contains(hungry, attack.name) {
			attack.memory = limit
			t.Run(attack.name, func(t *testing.T) { withstand(t, c, b, attack) })
		}
	}
}

// confine has the kernel kill a process that uses more memory, without swapping.
func confine(t *testing.T, pid int, limit uint64) {
	t.Helper()
	name := fmt.Sprintf("gatewayworker-endurance-%d", pid)
	for _, group := range []struct{ root, file string }{
		{"/sys/fs/cgroup", "memory.max"},
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
	} {
		dir := filepath.Join(group.root, name)
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() {
			// Its process has ended, or is moved, when the directory can go.
			tell(filepath.Join(group.root, "cgroup.procs"), uint64(pid))
			if err := unix.Rmdir(dir); err != nil {
				t.Logf("removing %s: %v", dir, err)
			}
		})
		if tell(filepath.Join(dir, group.file), limit) && tell(filepath.Join(dir, "cgroup.procs"), uint64(pid)) {
			t.Logf("the kernel allows %.0f MB (%s)", mb(limit), filepath.Join(dir, group.file))
			return
		}
	}
	t.Log("no memory cgroup can be made here: GOMEMLIMIT alone")
}

// tell writes a number to a file that the kernel has made.
func tell(path string, number uint64) bool {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.WriteString(strconv.FormatUint(number, 10))
	return err == nil
}
