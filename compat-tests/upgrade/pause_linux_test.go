package upgrade

import (
	"flag"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

var counts = flag.String("clients", "100", "numbers of clients for TestPause, separated by commas")

// TestPause prints how long nothing is read or written, and what memory the two
// processes have, for numbers of idle clients. On a machine that is free it should
// be at most 50 ms and 3 us for each client; a test asserts no time.
func TestPause(t *testing.T) {
	_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 20_000, Max: 20_000})
	for text := range strings.SplitSeq(*counts, ",") {
		clients, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(text, func(t *testing.T) {
			ports := freePorts(t, 2)
			p := start(t, "gateway", "--listen", "websocket://127.0.0.1:"+ports[0], "--start-port", ports[1], "--register-address", "127.0.0.1:9", "--handshake-timeout", "0")
			gateway := &clustertest.Gateway{ClientAddr: "127.0.0.1:" + ports[0], InnerAddr: "127.0.0.1:" + ports[1]}
			worker := gateway.ConnectWorker(t, "w:0")
			go func() {
				for range worker.Events { // nobody answers
				}
			}()
			conns := make([]net.Conn, clients)
			for i := range conns {
				if conns[i], err = connect(gateway.ClientAddr); err != nil {
					t.Fatal(err)
				}
				defer conns[i].Close()
			}
			var pauses []float64
			for range *times {
				u, err := p.upgrade()
				if err != nil {
					t.Fatal(err)
				}
				if u.clients != clients || u.inner != 1 {
					t.Errorf("it says\n%s", u.text)
				}
				pauses = append(pauses, u.pause)
				_, memory, _ := strings.Cut(u.text, "memory:")
				memory, _, _ = strings.Cut(strings.TrimSpace(memory), "\n")
				t.Logf("%d clients: %.1f ms; %s", clients, u.pause, memory)
			}
			slices.Sort(pauses)
			t.Logf("%d clients: median %.1f ms of %d, %.1f to %.1f; wanted are at most %.1f", clients, pauses[len(pauses)/2], len(pauses), pauses[0], pauses[len(pauses)-1], 50+0.003*float64(clients))
		})
	}
}

const upgradeRequest = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// connect makes a websocket client without a buffer or a goroutine.
func connect(address string) (net.Conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(c, upgradeRequest); err != nil {
		return nil, err
	}
	var head []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, one[0]) {
		if _, err := c.Read(one); err != nil {
			return nil, fmt.Errorf("the handshake is answered with %q: %w", head, err)
		}
	}
	return c, nil
}
