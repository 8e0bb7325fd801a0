package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// jsonOf is JSON such as chats send, in about so many bytes.
func jsonOf(size int) string {
	rng := rand.New(rand.NewPCG(1, uint64(size)))
	words := strings.Fields("the meeting was moved to noon because Anna is late please read what she wrote and tell me if it works")
	var b strings.Builder
	for b.Len() < size {
		line := map[string]any{"type": "say", "from_client_id": fmt.Sprintf("7f00000109%08x", rng.Uint32()), "content": strings.Join(words[:rng.IntN(len(words))], " ")}
		text, _ := json.Marshal(line)
		b.Write(text)
	}
	return b.String()[:size]
}

func noise(size int) string {
	rng := rand.NewChaCha8([32]byte{1})
	b := make([]byte, size)
	_, _ = rng.Read(b)
	return string(b)
}

// dialCompressed connects a client that offers compression. The bytes that come are
// counted.
func (g *testGateway) dialCompressed() (*websocket.Conn, *countedConn) {
	g.t.Helper()
	counted := new(countedConn)
	d := websocket.Dialer{HandshakeTimeout: patience, EnableCompression: true, NetDial: func(string, string) (net.Conn, error) {
		conn, err := g.dial()
		counted.Conn = conn
		return counted, err
	}}
	ws, resp, err := d.Dial("ws://"+g.client+"/", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = ws.Close() })
	if got, want := resp.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate; server_no_context_takeover; client_no_context_takeover"; g.options().Compression && got != want {
		g.t.Fatalf("the answer is %q, want %q", got, want)
	}
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	return ws, counted
}

type countedConn struct {
	net.Conn
	read int
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read += n
	return n, err
}

// TestCompression: messages of all sizes, both ways, text and binary, with gorilla's
// client.
func TestCompression(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Compression, opts.CompressionMinSize, opts.CompressionMaxSize = true, 1, 4<<20
		opts.SendToClientBufferSize = 10 << 20
		g := startGateway(t, opts)
		w := g.worker("w:0")
		ws, counted := g.dialCompressed()
		w.event(gp.CmdOnConnect)
		id := w.event(gp.CmdOnWebSocketConnect).ConnectionID
		plain, deflated := 0, 0
		sizes := []int{0, 1, 125, 126, 127, 1000, 65535, 65536}
		if opts.TLS == nil && !opts.portable {
			sizes = append(sizes, 1<<20)
		}
		for _, size := range sizes {
			for kind, text := range map[string]string{"JSON": jsonOf(size), "noise": noise(size)} {
				for _, frame := range []int{websocket.TextMessage, websocket.BinaryMessage} {
					if err := ws.WriteMessage(frame, []byte(text)); err != nil {
						t.Fatal(err)
					}
					if got := string(w.event(gp.CmdOnMessage).Body); got != text {
						t.Fatalf("%d bytes of %s: the worker gets %d bytes", size, kind, len(got))
					}
				}
				before := counted.read
				w.send(withBody(gp.CmdSendToOne, id, text))
				wantText(t, ws, text)
				if kind == "JSON" {
					plain += size
					deflated += counted.read - before
				} else if extra := counted.read - before - size; extra > 10 {
					t.Errorf("%d bytes of noise take %d more", size, extra)
				}
			}
		}
		if deflated > plain/4 {
			t.Errorf("%d bytes of JSON came as %d", plain, deflated)
		}
		s := g.Stats().Compression
		if s.Clients != 1 || s.Received == 0 || s.Sent == 0 || s.SentBytesAfter > s.SentBytesBefore/4 || s.ReceivedBytesBefore > s.ReceivedBytesAfter {
			t.Errorf("%+v", s)
		}
		_ = ws.Close()
		w.event(gp.CmdOnClose)
		if n := g.Stats().Compression.Clients; n != 0 {
			t.Errorf("%d clients are left", n)
		}
	})
}

// TestCompressionSizes: which messages are compressed.
func TestCompressionSizes(t *testing.T) {
	g := startGateway(t, Options{Compression: true, CompressionMinSize: 500, CompressionMaxSize: 2000})
	w := g.worker("w:0")
	ws, counted := g.dialCompressed()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	gone, _ := g.dialCompressed()
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnWebSocketConnect)
	for size, compressed := range map[int]bool{499: false, 500: true, 2000: true, 2001: false} {
		before := counted.read
		w.send(withBody(gp.CmdSendToOne, 1, jsonOf(size)))
		wantText(t, ws, jsonOf(size))
		if got := counted.read-before < size; got != compressed {
			t.Errorf("%d bytes: compressed is %v", size, got)
		}
	}
	// The last message of one that is kicked, too; a ping never.
	w.send(withBody(gp.CmdKick, 2, jsonOf(1000)))
	wantText(t, gone, jsonOf(1000))
	w.event(gp.CmdOnClose)
	w.barrier()
	if s := g.Stats().Compression; s.Sent != 3 || s.Clients != 1 {
		t.Errorf("%+v", s)
	}
	pong := make(chan string, 1)
	ws.SetPongHandler(func(data string) error { pong <- data; return nil })
	if err := ws.WriteMessage(websocket.PingMessage, []byte(strings.Repeat("p", 100))); err != nil {
		t.Fatal(err)
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte("after")); err != nil {
		t.Fatal(err)
	}
	w.event(gp.CmdOnMessage) // the pong is under way, or there
	w.send(withBody(gp.CmdSendToOne, 1, "after"))
	wantText(t, ws, "after")
	if got := <-pong; got != strings.Repeat("p", 100) {
		t.Errorf("pong %q", got)
	}
}

// TestCompressionIsOffByDefault: without the option the answer to an offer is the
// same as without an offer.
func TestCompressionIsOffByDefault(t *testing.T) {
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	var answers []http.Header
	for _, offer := range []bool{false, true} {
		d := websocket.Dialer{HandshakeTimeout: patience, EnableCompression: offer}
		ws, resp, err := d.Dial("ws://"+g.client+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		_ = ws.SetReadDeadline(time.Now().Add(patience))
		resp.Header.Del("Sec-WebSocket-Accept")
		answers = append(answers, resp.Header)
		w.event(gp.CmdOnConnect)
		id := w.event(gp.CmdOnWebSocketConnect).ConnectionID
		w.send(withBody(gp.CmdSendToOne, id, jsonOf(5000)))
		wantText(t, ws, jsonOf(5000))
	}
	if !reflect.DeepEqual(answers[0], answers[1]) {
		t.Errorf("answers %v and %v", answers[0], answers[1])
	}
	if s := g.Stats().Compression; s != (CompressionStats{}) {
		t.Errorf("%+v", s)
	}
}

// TestCompressionReload: it is turned on for clients that come, and off for all.
func TestCompressionReload(t *testing.T) {
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	connect := func() *websocket.Conn {
		ws, _ := g.dialCompressed()
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnWebSocketConnect)
		return ws
	}
	reload := func(on bool, level int) {
		opts := g.opts
		opts.Compression, opts.CompressionLevel = on, level
		if r, err := g.Reload(opts); err != nil || len(r.NeedRestart) > 0 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	clients := []*websocket.Conn{connect()}
	say := func(body string) (compressed uint64) {
		before := g.Stats().Compression.Sent
		w.send(withBody(gp.CmdSendToAll, 0, body))
		for _, ws := range clients {
			wantText(t, ws, body)
		}
		w.barrier()
		w.barrier()
		return g.Stats().Compression.Sent - before
	}
	if n := say(jsonOf(1000)); n != 0 {
		t.Errorf("off: sent compressed to %d", n)
	}
	reload(true, 1)
	clients = append(clients, connect())
	if n := say(jsonOf(1001)); n != 1 {
		t.Errorf("on: sent compressed to %d, want the one that came since", n)
	}
	reload(true, 9)
	if n := say(jsonOf(1001)); n != 1 {
		t.Errorf("another level: sent compressed to %d", n)
	}
	reload(false, 9)
	if n := say(jsonOf(1001)); n != 0 {
		t.Errorf("off again: sent compressed to %d", n)
	}
	if err := clients[1].WriteMessage(websocket.TextMessage, []byte(jsonOf(1000))); err != nil { // compressed: it may
		t.Fatal(err)
	}
	if got := string(w.event(gp.CmdOnMessage).Body); got != jsonOf(1000) {
		t.Errorf("got %q", got)
	}
}

// TestBadCompression: what breaks the rules ends the connection with a close frame
// that says so, and others notice nothing.
func TestBadCompression(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Compression = true
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for _, tt := range []struct {
			name  string
			frame []byte
			code  int
			why   CloseReason
		}{
			{"no deflate", []byte("\xc1\x85\x00\x00\x00\x00Hello"), websocket.CloseInvalidFramePayloadData, ClosedForBadData},
			{"RSV1 on a ping", []byte("\xc9\x80\x00\x00\x00\x00"), websocket.CloseProtocolError, ClosedForBadData},
			{"bomb", deflatedFrame(1 << 20), websocket.ClosePolicyViolation, ClosedForCompression},
		} {
			ws, _ := g.dialCompressed()
			w.event(gp.CmdOnConnect)
			w.event(gp.CmdOnWebSocketConnect)
			before := g.Stats().ClientCloses[tt.why]
			if _, err := ws.NetConn().Write(tt.frame); err != nil {
				t.Fatal(err)
			}
			if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, tt.code) {
				t.Errorf("%s: %v, want code %d", tt.name, err, tt.code)
			}
			w.event(gp.CmdOnClose)
			if n := g.Stats().ClientCloses[tt.why] - before; n != 1 {
				t.Errorf("%s: %d clients closed for it", tt.name, n)
			}
		}
	})
}

// TestCompressionBeforeTheHandshake: what waits for the 101 goes out as it is.
func TestCompressionBeforeTheHandshake(t *testing.T) {
	g := startGateway(t, Options{Compression: true})
	w := g.worker("w:0")
	conn := g.dialRaw()
	id := w.event(gp.CmdOnConnect).ConnectionID
	w.send(withBody(gp.CmdSendToOne, id, jsonOf(1000)))
	w.barrier()
	d := websocket.Dialer{HandshakeTimeout: patience, EnableCompression: true, NetDial: func(string, string) (net.Conn, error) { return conn.conn, nil }}
	ws, _, err := d.Dial("ws://"+g.client+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	wantText(t, ws, jsonOf(1000))
}

// TestCompressionSwitches checks the options.
func TestCompressionSwitches(t *testing.T) {
	for _, tt := range []struct {
		opts Options
		want string
	}{
		{Options{CompressionLevel: 10}, "CompressionLevel"},
		{Options{CompressionLevel: -1}, "CompressionLevel"},
		{Options{CompressionMinSize: -1}, "CompressionMinSize"},
		{Options{CompressionMinSize: 100, CompressionMaxSize: 99}, "CompressionMaxSize"},
		{Options{CompressionMinSize: 1 << 20}, "CompressionMaxSize"},
	} {
		tt.opts.Listen = "websocket://127.0.0.1:0"
		if _, err := New(tt.opts); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v", tt.opts, err)
		}
	}
}

// TestCompressorTrim: what it remembers is let go of.
func TestCompressorTrim(t *testing.T) {
	opts, _, err := Options{Listen: "websocket://127.0.0.1:0", Compression: true}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	var z compressor
	body := []byte(jsonOf(1000))
	first := bytes.Clone(z.compress(body, &opts))
	z.trim()
	if z.deflater != nil || z.body != nil {
		t.Error("it keeps something")
	}
	if again := z.compress(body, &opts); !bytes.Equal(first, again) || z.runs != 2 {
		t.Errorf("compressed %d times, to %d and %d bytes", z.runs, len(first), len(again))
	}
}
