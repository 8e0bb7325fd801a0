package clustertest

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/gorilla/websocket"
)

// A Worker is a bare worker connection to one gateway, which hands out the
// events as they come.
type Worker struct {
	net    net.Conn
	Events chan Event
}

// An Event is a frame from a gateway, with bytes of its own.
type Event = gatewayprotocol.Message

// ConnectWorker connects a worker to the gateway. A gateway takes clients only
// when it has one.
func (g *Gateway) ConnectWorker(t testing.TB, key string) *Worker {
	t.Helper()
	nc, err := net.Dial("tcp", g.InnerAddr)
	if err != nil {
		t.Fatal(err)
	}
	body, err := gatewayprotocol.AppendWorkerConnectBody(nil, key, g.key)
	if err != nil {
		t.Fatal(err)
	}
	w := &Worker{net: nc, Events: make(chan Event, 4096)}
	done := make(chan struct{})
	t.Cleanup(func() { nc.Close(); <-done })
	w.Send(t, gatewayprotocol.Message{
		Cmd: gatewayprotocol.CmdWorkerConnect, Flag: gatewayprotocol.FlagBodyIsScalar, Body: body,
	})
	// The gateway has the worker in its table when it answers the next question.
	w.Send(t, gatewayprotocol.Message{Cmd: gatewayprotocol.CmdIsOnline, Flag: gatewayprotocol.FlagBodyIsScalar})
	nc.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(nc, make([]byte, len("0000i:0;"))); err != nil {
		t.Fatal(err)
	}
	nc.SetReadDeadline(time.Time{})
	go func() {
		defer close(done)
		w.read()
	}()
	return w
}

// Send sends a frame.
func (w *Worker) Send(t testing.TB, m gatewayprotocol.Message) {
	t.Helper()
	if _, err := w.net.Write(gatewayprotocol.AppendMessage(nil, &m)); err != nil {
		t.Fatal(err)
	}
}

func (w *Worker) read() {
	defer close(w.Events)
	var buf []byte
	chunk := make([]byte, 32<<10)
	for {
		n, err := w.net.Read(chunk)
		if err != nil {
			return
		}
		buf = append(buf, chunk[:n]...)
		for {
			var m gatewayprotocol.Message
			n, err := gatewayprotocol.DecodeMessage(buf, &m, 0)
			if err != nil {
				return
			}
			if n == 0 {
				break
			}
			m.ExtData = append([]byte(nil), m.ExtData...)
			m.Body = append([]byte(nil), m.Body...)
			buf = buf[n:]
			if m.Cmd != gatewayprotocol.CmdPing {
				w.Events <- m
			}
		}
	}
}

// Next returns the next event of the kind.
func (w *Worker) Next(t testing.TB, cmd gatewayprotocol.Command) Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case m, ok := <-w.Events:
			if !ok {
				t.Fatalf("the gateway closed the worker's connection, waiting for %s", cmd)
			}
			if m.Cmd == cmd {
				return m
			}
		case <-deadline:
			t.Fatalf("no %s", cmd)
		}
	}
}

// A Client is a websocket client.
type Client struct {
	ID gatewayprotocol.ClientID
	ws *websocket.Conn
}

// Connect connects a websocket client and learns its id from w, which must be
// the only worker of the gateway.
func (g *Gateway) Connect(t testing.TB, w *Worker) *Client {
	t.Helper()
	c := g.Dial(t, "/")
	e := w.Next(t, gatewayprotocol.CmdOnWebSocketConnect)
	c.ID = e.ClientID()
	return c
}

// Dial connects a websocket client whose id is not known.
func (g *Gateway) Dial(t testing.TB, path string) *Client {
	t.Helper()
	c, err := g.TryDial(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TryDial is Dial without a test to fail.
func (g *Gateway) TryDial(path string) (*Client, error) {
	d := websocket.Dialer{HandshakeTimeout: patience}
	ws, _, err := d.Dial("ws://"+g.ClientAddr+path, nil)
	if err != nil {
		return nil, err
	}
	return &Client{ws: ws}, nil
}

// Close closes the connection.
func (c *Client) Close() { c.ws.Close() }

// Send sends a message.
func (c *Client) Send(t testing.TB, msg string) {
	t.Helper()
	if err := c.TrySend(msg); err != nil {
		t.Fatal(err)
	}
}

// TrySend is Send without a test to fail.
func (c *Client) TrySend(msg string) error {
	return c.ws.WriteMessage(websocket.TextMessage, []byte(msg))
}

// Receive returns the next message.
func (c *Client) Receive(t testing.TB) string {
	t.Helper()
	msg, err := c.TryReceive()
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// TryReceive is Receive without a test to fail.
func (c *Client) TryReceive() (string, error) {
	c.ws.SetReadDeadline(time.Now().Add(patience))
	_, msg, err := c.ws.ReadMessage()
	return string(msg), err
}

// ExpectClosed fails the test unless the connection is closed without another
// message.
func (c *Client) ExpectClosed(t testing.TB) {
	t.Helper()
	if msg, err := c.TryReceive(); err == nil {
		t.Fatalf("message %q, want the connection to be closed", msg)
	}
}

// TryReceiveFor is TryReceive with less patience.
func (c *Client) TryReceiveFor(d time.Duration) (string, error) {
	c.ws.SetReadDeadline(time.Now().Add(d))
	_, msg, err := c.ws.ReadMessage()
	return string(msg), err
}
