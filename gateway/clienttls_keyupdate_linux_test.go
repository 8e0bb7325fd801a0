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
	"testing"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
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
	header := make([]byte, recordHeader)
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
	if err := unix.SetsockoptInt(c.sock.Sysfd(), unix.SOL_SOCKET, unix.SO_SNDBUF, 4096); err != nil {
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
		longest = max(longest, len(c.tls.sealed))
		c.mu.Unlock()
	}
	if longest == 0 || longest > 2*maxSealed {
		t.Errorf("%d bytes waited, want up to %d", longest, maxSealed)
	}
	for w.next().Cmd != gp.CmdOnClose {
	}
}
