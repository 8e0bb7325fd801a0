package gateway

import (
	"bufio"
	"bytes"
	"errors"
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

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestConversationsWithPHP holds the conversations with PHP's gateway, over
// sockets. GATEWAYWORKER_PHP_AUTOLOAD names the autoload.php that finds it.
func TestConversationsWithPHP(t *testing.T) {
	if os.Getenv("GATEWAYWORKER_PHP_AUTOLOAD") == "" {
		t.Skipf("SKIPPED %d conversations with PHP: GATEWAYWORKER_PHP_AUTOLOAD is not set", len(conversations))
	}
	php := startPHPGateways(t)
	for _, conv := range conversations {
		t.Run(conv.name, func(t *testing.T) {
			g := php.gateway(t, &conv)
			for i, s := range conv.steps {
				g.step(i, &s)
			}
			g.finish()
		})
	}
}

// phpGateways are the gateways of testdata/conversations.php.
type phpGateways struct{ ports []int }

func startPHPGateways(t *testing.T) *phpGateways {
	p := &phpGateways{ports: freePorts(t, 7)}
	dir := t.TempDir()
	env := []string{dir}
	for _, port := range p.ports {
		env = append(env, fmt.Sprint(port))
	}
	cmd := exec.Command("php", filepath.Join("testdata", "conversations.php"), "start")
	cmd.Env = append(os.Environ(), "CONVERSATIONS="+strings.Join(env, ","))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("PHP printed:\n%s\nand logged:\n%s", out.String(), log)
		}
	})
	return p
}

func freePorts(t *testing.T, n int) (ports []int) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// phpGateway is one conversation with a PHP gateway: a worker connection, which
// the gateway needs to accept clients, the inner connection of the conversation
// and the clients.
type phpGateway struct {
	t      *testing.T
	conv   *conversation
	port   int
	worker net.Conn
	events *bufio.Reader
	inner  net.Conn
	ended  bool
	nextID uint32

	clients map[uint32]*bufio.Reader
	conns   map[uint32]net.Conn
}

func (p *phpGateways) gateway(t *testing.T, conv *conversation) *phpGateway {
	i := 0
	switch {
	case conv.websocket:
		i = 2
	case conv.secretKey != "":
		i = 4
	}
	g := &phpGateway{t: t, conv: conv, port: p.ports[i], clients: map[uint32]*bufio.Reader{}, conns: map[uint32]net.Conn{}}
	inner := p.ports[i+1]
	// The inner port is there once the process is, and again once a new one
	// replaces one that died.
	for start := time.Now(); ; {
		if g.worker = g.register(inner); g.worker != nil {
			break
		}
		if time.Since(start) > 15*time.Second {
			t.Fatal("PHP's gateway does not come up")
		}
		time.Sleep(10 * time.Millisecond)
	}
	g.events = bufio.NewReader(g.worker)
	g.inner = g.dial(inner)
	return g
}

// register connects a worker and makes sure that it was accepted.
func (g *phpGateway) register(port int) net.Conn {
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	body := fmt.Sprintf(`{"worker_key":"conversation:0","secret_key":"%s"}`, g.conv.secretKey)
	b := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdWorkerConnect, Flag: scalar, Body: []byte(body)})
	b = gp.AppendMessage(b, &gp.Message{Cmd: gp.CmdIsOnline, Flag: scalar})
	_, _ = c.Write(b)
	if _, err := io.ReadFull(c, make([]byte, len("\x00\x00\x00\x04i:0;"))); err != nil {
		c.Close()
		return nil
	}
	g.t.Cleanup(func() { c.Close() })
	return c
}

func (g *phpGateway) dial(port int) net.Conn {
	g.t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		g.t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	g.t.Cleanup(func() { c.Close() })
	return c
}

// await reads the worker's events up to one.
func (g *phpGateway) await(cmd gp.Command, id uint32) {
	g.t.Helper()
	for {
		head, err := g.events.Peek(gp.HeadLen)
		if err != nil {
			g.t.Fatalf("waiting for %v of %d: %v", cmd, id, err)
		}
		n, err := gp.FrameLen(head, 0)
		if err != nil {
			g.t.Fatal(err)
		}
		frame := make([]byte, n)
		if _, err := io.ReadFull(g.events, frame); err != nil {
			g.t.Fatal(err)
		}
		var m gp.Message
		if _, err := gp.DecodeMessage(frame, &m, 0); err != nil {
			g.t.Fatal(err)
		}
		if m.Cmd == cmd && m.ConnectionID == id {
			return
		}
	}
}

func (g *phpGateway) step(i int, s *step) {
	g.t.Helper()
	switch {
	case s.connect:
		g.sync()
		g.connect()
		return
	case s.disconnect != 0:
		g.sync()
		g.conns[s.disconnect].Close()
		delete(g.clients, s.disconnect)
		g.await(gp.CmdOnClose, s.disconnect)
		return
	}
	if _, err := g.inner.Write(gp.AppendMessage(nil, &s.m)); err != nil {
		g.t.Fatal(err)
	}
	switch {
	case s.kills || s.closes:
		g.ended = true
		if b, err := io.ReadAll(g.inner); len(b) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			g.t.Errorf("step %d (%v %q %q): %q and %v, want the end", i, s.m.Cmd, s.m.ExtData, s.m.Body, b, err)
		}
		if s.kills {
			// Not only the connection: the process.
			if _, err := io.Copy(io.Discard, g.events); errors.Is(err, os.ErrDeadlineExceeded) {
				g.t.Errorf("step %d: PHP's gateway lives on", i)
			}
		}
	case s.reply != "":
		if got := g.reply(); got != s.reply {
			g.t.Errorf("step %d (%v %s)\n PHP %s\nwant %s", i, s.m.Cmd, s.m.ExtData, got, s.reply)
		}
	}
}

func (g *phpGateway) reply() string {
	g.t.Helper()
	var head [gp.ReplyHeadLen]byte
	if _, err := io.ReadFull(g.inner, head[:]); err != nil {
		g.t.Fatal(err)
	}
	b := make([]byte, int(head[2])<<8|int(head[3]))
	if _, err := io.ReadFull(g.inner, b); err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

func (g *phpGateway) connect() {
	g.t.Helper()
	g.nextID++
	c := g.dial(g.port)
	r := bufio.NewReader(c)
	g.await(gp.CmdOnConnect, g.nextID)
	if g.conv.websocket {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		for line := ""; line != "\r\n"; {
			var err error
			if line, err = r.ReadString('\n'); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	g.clients[g.nextID], g.conns[g.nextID] = r, c
}

// finish compares what the clients received.
func (g *phpGateway) finish() {
	g.t.Helper()
	if g.ended {
		return
	}
	const fence = "\x00the end\x00"
	for id, r := range g.clients {
		s := sends(gp.CmdSendToOne, id, "", fence, scalar|gp.FlagNotCallEncode)
		_, _ = g.inner.Write(gp.AppendMessage(nil, &s.m))
		var got []byte
		for !bytes.HasSuffix(got, []byte(fence)) {
			b, err := r.ReadByte()
			if err == io.EOF {
				break // kicked or destroyed
			}
			if err != nil {
				g.t.Fatal(err)
			}
			got = append(got, b)
		}
		if got := strings.TrimSuffix(string(got), fence); got != g.conv.received[id] {
			g.t.Errorf("client %d\nPHP sent %q\n    want %q", id, got, g.conv.received[id])
		}
	}
	for id := range g.clients {
		g.conns[id].Close()
	}
	for g.sync() != "i:0;" { // all are gone, ids start again
	}
}

// sync returns, with the number of clients, when all frames were executed.
func (g *phpGateway) sync() string {
	g.t.Helper()
	s := does(gp.CmdGetClientCountByGroup, 0, "")
	if _, err := g.inner.Write(gp.AppendMessage(nil, &s.m)); err != nil {
		g.t.Fatal(err)
	}
	return g.reply()
}
