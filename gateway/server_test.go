package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestChat(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		w := g.worker("w:0")
		ws := g.dialWS()
		id := w.event(gp.CmdOnConnect).ConnectionID
		if id != 1 {
			t.Errorf("first connection id is %d, want 1", id)
		}
		w.event(gp.CmdOnWebSocketConnect)
		if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		m := w.event(gp.CmdOnMessage)
		if string(m.Body) != "hello" || m.ConnectionID != id || m.Flag != gp.FlagBodyIsScalar {
			t.Errorf("got %+v", m)
		}
		if m.LocalPort != portOf(g.inner) || m.GatewayPort != portOf(g.client) {
			t.Errorf("ports %d, %d are not those of %s, %s", m.LocalPort, m.GatewayPort, g.inner, g.client)
		}
		w.send(withBody(gp.CmdSendToOne, id, "one"), withBody(gp.CmdSendToAll, 0, "all"))
		wantText(t, ws, "one")
		wantText(t, ws, "all")
		w.send(withBody(gp.CmdSendToOne, id, "before the end"), withBody(gp.CmdKick, id, "bye"))
		wantText(t, ws, "before the end")
		wantText(t, ws, "bye")
		if _, _, err := ws.ReadMessage(); err == nil {
			t.Error("a kicked client reads on")
		}
		w.event(gp.CmdOnClose)
	})
}

func TestTLS(t *testing.T) {
	cert := httptest.NewUnstartedServer(nil)
	cert.StartTLS()
	defer cert.Close()
	g := startGateway(t, Options{TLS: &tls.Config{Certificates: cert.TLS.Certificates}})
	w := g.worker("w:0")
	raw, err := net.Dial("tcp", g.client)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	w.event(gp.CmdOnConnect) // before the TLS handshake
	d := websocket.Dialer{
		NetDial:         func(string, string) (net.Conn, error) { return raw, nil },
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	// What is sent before the handshakes waits for both.
	w.send(withBody(gp.CmdSendToOne, 1, "early"))
	w.barrier()
	ws, _, err := d.Dial("wss://"+g.client+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, ws, "early")
	big := bytes.Repeat([]byte("x"), 300000)
	if err := ws.WriteMessage(websocket.BinaryMessage, big); err != nil {
		t.Fatal(err)
	}
	w.event(gp.CmdOnWebSocketConnect)
	if m := w.event(gp.CmdOnMessage); !bytes.Equal(m.Body, big) {
		t.Errorf("got %d bytes, want %d", len(m.Body), len(big))
	}
	w.send(withBody(gp.CmdKick, 1, "bye"))
	wantText(t, ws, "bye")
	w.event(gp.CmdOnClose)
}

func TestBeforeHandshake(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		id := w.event(gp.CmdOnConnect).ConnectionID
		raw := withBody(gp.CmdSendToOne, id, "raw")
		raw.Flag |= gp.FlagNotCallEncode
		w.send(withBody(gp.CmdSendToOne, id, "a"), raw, withBody(gp.CmdSendToAll, 0, "b"))
		if got := c.read(3); string(got) != "raw" {
			t.Fatalf("got %q, want what is sent raw at once", got)
		}
		fmt.Fprint(c.conn, "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		want := "HTTP/1.1 101 Switching Protocol\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x01a\x81\x01b"
		if got := c.read(len(want)); string(got) != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestNoWorker(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		g.dialRaw().gone()
		w := g.worker("w:0")
		g.dialRaw()
		if id := w.event(gp.CmdOnConnect).ConnectionID; id != 2 {
			t.Errorf("connection id %d, want 2: the client that was dropped used one up", id)
		}
	})
}

func TestBadFrames(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for name, frame := range map[string][]byte{
			"too long":  append([]byte{0, 0xa0, 0, 1}, make([]byte, 24)...),
			"too short": append([]byte{0, 0, 0, 27}, make([]byte, 24)...),
			"empty":     make([]byte, 28),
		} {
			t.Run(name, func(t *testing.T) {
				p := g.dialInner()
				if _, err := p.conn.Write(frame); err != nil {
					t.Fatal(err)
				}
				p.gone()
			})
		}
		w.barrier()
	})
}

func TestUnauthorized(t *testing.T) {
	g := startGateway(t, Options{SecretKey: "key"})
	p := g.dialInner()
	p.send(withBody(gp.CmdSendToAll, 0, "x"))
	p.gone()
	p = g.dialInner()
	p.send(gp.Message{Cmd: gp.CmdGatewayClientConnect, Flag: gp.FlagBodyIsScalar, Body: []byte(`{"secret_key":"key"}`)})
	p.barrier()
}

// TestWriteAndHangUp: frames are executed though their sender is gone already.
func TestWriteAndHangUp(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		w := g.worker("w:0")
		g.dialWS()
		id := w.event(gp.CmdOnConnect).ConnectionID
		w.event(gp.CmdOnWebSocketConnect)
		for i := range 200 {
			p := g.dialInner()
			p.send(withExt(gp.CmdBindUID, id, fmt.Sprintf("u%d", i)))
			_ = p.conn.Close()
			if opts.portable {
				continue // order across connections is promised on Linux only
			}
			if got, want := g.dialInner().ask(withExt(gp.CmdGetClientIDByUID, 0, fmt.Sprintf("u%d", i))), "a:1:{i:0;i:1;}"; got != want {
				t.Fatalf("round %d: got %s, want %s", i, got, want)
			}
		}
	})
}

// TestAskAndHalfClose: who says that it has nothing more to say gets its answers.
func TestAskAndHalfClose(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		for range 50 {
			p := g.dialInner()
			p.send(withExt(gp.CmdGetClientCountByGroup, 0, ""), withExt(gp.CmdGetGroupIDList, 0, ""))
			if err := p.conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if a, b := p.reply(), p.reply(); a != "i:0;" || b != "a:0:{}" {
				t.Fatalf("got %s, %s", a, b)
			}
			p.gone()
		}
	})
}

func TestLifeCycle(t *testing.T) {
	listeners := func() (a, b net.Listener) {
		for _, l := range []*net.Listener{&a, &b} {
			var err error
			if *l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
		}
		return a, b
	}
	t.Run("close before serve", func(t *testing.T) {
		g, err := New(Options{Listen: "tcp://127.0.0.1:0", NoRegister: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_ = g.Close()
			_ = g.Shutdown(context.Background())
		}
		a, b := listeners()
		if err := g.Serve(a, b); !errors.Is(err, ErrServerClosed) {
			t.Errorf("got %v", err)
		}
		if _, err := a.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Error("the listener was left open")
		}
	})
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		w := g.worker("w:0")
		a, b := listeners()
		if err := g.Serve(a, b); err == nil || errors.Is(err, ErrServerClosed) {
			t.Errorf("serving twice: got %v", err)
		}
		ws := g.dialWS()
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnWebSocketConnect)
		w.send(withBody(gp.CmdSendToAll, 0, "last"))
		w.barrier()
		g.shutdown()
		wantText(t, ws, "last")
		w.event(gp.CmdOnClose)
		w.gone()
		if _, err := net.Dial("tcp", g.client); err == nil {
			t.Error("the client port is still open")
		}
		g.shutdown()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		t.Run("close", func(t *testing.T) {
			g := startGateway(t, opts)
			w := g.worker("w:0")
			for range 50 {
				g.dialRaw()
				w.event(gp.CmdOnConnect)
			}
			_ = g.Close()
			if rest, _ := io.ReadAll(w.r); len(rest) > 0 {
				t.Errorf("the worker got %d bytes from Close", len(rest))
			}
		})
		t.Run("shutdown", func(t *testing.T) {
			g := startGateway(t, opts)
			w := g.worker("w:0")
			for range 50 {
				g.dialRaw()
				w.event(gp.CmdOnConnect)
			}
			var all sync.WaitGroup
			for range 3 {
				all.Go(g.shutdown)
			}
			for range 50 {
				w.event(gp.CmdOnClose)
			}
			w.gone()
			all.Wait()
		})
	})
	t.Run("shutdown gives up", func(t *testing.T) {
		g := startGateway(t, Options{})
		w := g.worker("w:0")
		c := g.dialRaw()
		id := w.event(gp.CmdOnConnect).ConnectionID
		fill := withBody(gp.CmdSendToOne, id, string(make([]byte, 9<<20)))
		fill.Flag |= gp.FlagNotCallEncode
		w.send(fill)
		w.barrier()
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := g.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v with a client that does not read", err)
		}
		_, _ = io.Copy(io.Discard, c.r)
	})
}

func TestOptions(t *testing.T) {
	for name, opts := range map[string]Options{
		"no listen":  {},
		"scheme":     {Listen: "http://127.0.0.1:1"},
		"lan ip":     {Listen: "tcp://127.0.0.1:1", LanIP: "localhost"},
		"lan ip v6":  {Listen: "tcp://127.0.0.1:1", LanIP: "::1"},
		"lan ip any": {Listen: "tcp://127.0.0.1:1", LanIP: "0.0.0.0"},
		"inner":      {Listen: "tcp://127.0.0.1:1", InnerListen: "eth0"},
		"start port": {Listen: "tcp://127.0.0.1:1", StartPort: 70000},
		"router":     {Listen: "tcp://127.0.0.1:1", Router: "round robin"},
		"interval":   {Listen: "tcp://127.0.0.1:1", PingInterval: -1},
		"limit":      {Listen: "tcp://127.0.0.1:1", PingNotResponseLimit: -1},
		"buffer":     {Listen: "tcp://127.0.0.1:1", SendToClientBufferSize: -1},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(opts)
			var option *OptionError
			var listen *gp.ListenAddressError
			if !errors.As(err, &option) && !errors.As(err, &listen) {
				t.Errorf("got %v, want a typed error", err)
			}
		})
	}
}
