package gateway

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/tlswire"
)

// half is one direction of a TLS 1.3 connection with AES-128-GCM and SHA-256
// (RFC 8446 section 5), as crypto/tls does not let its user send a KeyUpdate.
type half struct {
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

func (h *half) expand(t *testing.T, label string, n int) []byte {
	t.Helper()
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(info, byte(len("tls13 "+label)))
	info = append(append(info, "tls13 "+label...), 0)
	b, err := hkdf.Expand(sha256.New, h.secret, string(info), n)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (h *half) setSecret(t *testing.T, secret []byte) {
	t.Helper()
	h.secret, h.seq = secret, 0
	block, err := aes.NewCipher(h.expand(t, "key", 16))
	if err != nil {
		t.Fatal(err)
	}
	if h.aead, err = cipher.NewGCM(block); err != nil {
		t.Fatal(err)
	}
	h.iv = h.expand(t, "iv", 12)
}

func (h *half) update(t *testing.T) {
	t.Helper()
	h.setSecret(t, h.expand(t, "traffic upd", sha256.Size))
}

func (h *half) nonce() []byte {
	nonce := bytes.Clone(h.iv)
	for i, b := range binary.BigEndian.AppendUint64(nil, h.seq) {
		nonce[4+i] ^= b
	}
	h.seq++
	return nonce
}

const (
	recordTypeAlert       = 21
	recordTypeHandshake   = 22
	recordTypeApplication = 23
)

// seal appends a record.
func (h *half) seal(dst []byte, kind byte, body string) []byte {
	header := binary.BigEndian.AppendUint16([]byte{recordTypeApplication, 3, 3}, uint16(len(body)+1+h.aead.Overhead()))
	return h.aead.Seal(append(dst, header...), h.nonce(), append([]byte(body), kind), header)
}

// open reads a record.
func (h *half) open(t *testing.T, r io.Reader) (kind byte, body string) {
	t.Helper()
	header := make([]byte, tlswire.HeaderLen)
	if _, err := io.ReadFull(r, header); err != nil {
		t.Fatal(err)
	}
	record := make([]byte, binary.BigEndian.Uint16(header[3:]))
	if _, err := io.ReadFull(r, record); err != nil {
		t.Fatal(err)
	}
	p, err := h.aead.Open(nil, h.nonce(), record, header)
	if err != nil {
		t.Fatal(err)
	}
	return p[len(p)-1], string(p[:len(p)-1])
}

// halves does the handshake over conn and returns what goes on from there.
func (g *testGateway) halves(t *testing.T, conn net.Conn) (in, out *half) {
	t.Helper()
	var keys bytes.Buffer
	c := g.overTLS(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, KeyLogWriter: &keys})
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	if suite := c.ConnectionState().CipherSuite; suite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skip("this machine prefers " + tls.CipherSuiteName(suite))
	}
	in, out = new(half), new(half)
	for line := range strings.Lines(keys.String()) {
		f := strings.Fields(line)
		secret, err := hex.DecodeString(f[2])
		if err != nil {
			t.Fatal(err)
		}
		switch f[0] {
		case "CLIENT_TRAFFIC_SECRET_0":
			out.setSecret(t, secret)
		case "SERVER_TRAFFIC_SECRET_0":
			in.setSecret(t, secret)
		}
	}
	return in, out
}

const (
	keyUpdate          = "\x18\x00\x00\x01\x00"
	keyUpdateRequested = "\x18\x00\x00\x01\x01"
)

// TestTLSKeyUpdate: new keys in one direction, and in both.
func TestTLSKeyUpdate(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()})
	w := g.worker("w:0")
	conn := g.dialNarrow()
	in, out := g.halves(t, conn)
	w.event(gp.CmdOnConnect)
	p := out.seal(nil, recordTypeApplication, "one\n")
	p = out.seal(p, recordTypeHandshake, keyUpdate)
	out.update(t)
	p = out.seal(p, recordTypeApplication, "two\n")
	p = out.seal(p, recordTypeHandshake, keyUpdateRequested[:2]) // in two records
	p = out.seal(p, recordTypeHandshake, keyUpdateRequested[2:])
	out.update(t)
	p = out.seal(p, recordTypeApplication, "three\n")
	for i := range p { // a byte at a time
		if _, err := conn.Write(p[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"one", "two", "three"} {
		if m := w.event(gp.CmdOnMessage); string(m.Body) != want {
			t.Fatalf("got %q, want %q", m.Body, want)
		}
	}
	w.send(withBody(gp.CmdSendToOne, 1, "answer"))
	if kind, got := in.open(t, conn); kind != recordTypeHandshake || got != keyUpdate {
		t.Fatalf("got %q, want new keys", got)
	}
	in.update(t)
	if _, got := in.open(t, conn); got != "answer\n" {
		t.Errorf("got %q", got)
	}
}

// TestTLSKeyUpdateFlood: a peer that demands new keys without end and reads
// nothing is dropped when the answers have reached their bound.
func TestTLSKeyUpdateFlood(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS()})
	w := g.worker("w:0")
	conn := g.dialNarrow()
	_, out := g.halves(t, conn)
	w.event(gp.CmdOnConnect)
	c := g.allClients()[0]
	if err := unix.SetsockoptInt(socketOf(c).fd.Sysfd(), unix.SOL_SOCKET, unix.SO_SNDBUF, 4096); err != nil {
		t.Fatal(err)
	}
	longest := 0
	for {
		var p []byte
		for range 10 {
			p = out.seal(p, recordTypeHandshake, keyUpdateRequested)
			out.update(t)
		}
		p = out.seal(p, recordTypeApplication, "\n")
		if _, err := conn.Write(p); err != nil {
			break
		}
		c.mu.Lock()
		longest = max(longest, tlsOf(c).heldLocked())
		c.mu.Unlock()
	}
	for w.next().Cmd != gp.CmdOnClose {
	}
	// What waited at the end is there still. All of it may have come in one turn.
	c.mu.Lock()
	longest = max(longest, tlsOf(c).heldLocked())
	c.mu.Unlock()
	if longest < tlsloop.MaxSealed || longest > 2*tlsloop.MaxSealed {
		t.Errorf("%d bytes waited, want up to %d", longest, tlsloop.MaxSealed)
	}
}

// TestTLSKeyUpdateWhileWriting demands new keys again and again of a gateway
// that sends more than the kernel takes: the poller and the inner loop encrypt
// in turn, and everything arrives, in order.
func TestTLSKeyUpdateWhileWriting(t *testing.T) {
	const messages, size = 1000, 1000
	g := startGateway(t, Options{Listen: "frame://127.0.0.1:0", TLS: serverTLS(), SendToClientBufferSize: 1 << 30})
	w := g.worker("w:0")
	conn := g.dialNarrow()
	in, out := g.halves(t, conn)
	w.event(gp.CmdOnConnect)
	c := g.allClients()[0]
	if err := unix.SetsockoptInt(socketOf(c).fd.Sysfd(), unix.SOL_SOCKET, unix.SO_SNDBUF, 4096); err != nil {
		t.Fatal(err)
	}

	// Each goroutine ends when its connection has nothing more for it.
	var all sync.WaitGroup
	stop := make(chan struct{})
	unanswered := make(chan struct{}, 200) // fewer than the bound on what waits
	all.Go(func() {
		for {
			select {
			case <-stop:
				_ = conn.(*net.TCPConn).CloseWrite()
				return
			case unanswered <- struct{}{}:
			}
			p := out.seal(nil, recordTypeHandshake, keyUpdateRequested)
			out.update(t)
			p = out.seal(p, recordTypeApplication, "\x00\x00\x00\x04")
			if _, err := conn.Write(p); err != nil {
				t.Error(err)
				return
			}
		}
	})
	all.Go(func() {
		body := make([]byte, size)
		for i := range uint32(messages) {
			binary.BigEndian.PutUint32(body, i)
			w.send(withBody(gp.CmdSendToOne, 1, string(body)))
		}
	})
	all.Go(func() {
		for w.next().Cmd != gp.CmdOnClose {
		}
	})
	var got []byte
	for next := uint32(0); next < messages; {
		switch kind, body := in.open(t, conn); {
		case kind == recordTypeHandshake && body == keyUpdate:
			in.update(t)
			<-unanswered
		case kind == recordTypeApplication:
			got = append(got, body...)
		case kind != recordTypeHandshake: // a ticket
			t.Fatalf("got a record of type %d, %q", kind, body)
		}
		for ; len(got) >= 4+size; got = got[4+size:] {
			if n := binary.BigEndian.Uint32(got[4:]); n != next {
				t.Fatalf("got message %d, want %d", n, next)
			}
			next++
		}
	}
	close(stop)
	all.Wait()
}

// TestTLSCloseNotify: every end that is not the peer's fault is TLS's proper end
// (RFC 8446 section 6.1), which crypto/tls does not insist on.
func TestTLSCloseNotify(t *testing.T) {
	const closeNotify = "\x01\x00"
	for name, end := range map[string]func(w *peer, conn net.Conn, out *half){
		"kicked":    func(w *peer, _ net.Conn, _ *half) { w.send(withBody(gp.CmdKick, 1, "")) },
		"destroyed": func(w *peer, _ net.Conn, _ *half) { w.send(gp.Message{Cmd: gp.CmdDestroy, ConnectionID: 1}) },
		"answer": func(_ *peer, conn net.Conn, out *half) {
			_, _ = conn.Write(out.seal(nil, recordTypeAlert, closeNotify))
		},
		"half closed": func(_ *peer, conn net.Conn, _ *half) { _ = conn.(*net.TCPConn).CloseWrite() },
	} {
		t.Run(name, func(t *testing.T) {
			g := startGateway(t, Options{Listen: "tcp://127.0.0.1:0", TLS: serverTLS()})
			w := g.worker("w:0")
			conn := g.dialNarrow()
			in, out := g.halves(t, conn)
			w.event(gp.CmdOnConnect)
			w.send(withBody(gp.CmdSendToOne, 1, "hello"))
			kind, body := in.open(t, conn)
			if kind == recordTypeHandshake { // a ticket
				kind, body = in.open(t, conn)
			}
			if kind != recordTypeApplication || body != "hello" {
				t.Fatalf("got a record of type %d, %q", kind, body)
			}
			end(w, conn, out)
			if kind, body := in.open(t, conn); kind != recordTypeAlert || body != closeNotify {
				t.Errorf("got a record of type %d, %q, want the alert", kind, body)
			}
			if rest, err := io.ReadAll(conn); len(rest) > 0 || err != nil {
				t.Errorf("got %q, %v after it", rest, err)
			}
			w.event(gp.CmdOnClose)
		})
	}
}
