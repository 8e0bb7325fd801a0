package compression

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

func TestMain(m *testing.M) {
	code := clustertest.Main(m, nil)
	browsertest.PrintSkipped()
	os.Exit(code)
}

// patience bounds every wait for something that must happen.
const patience = 2 * time.Minute

// eachWorker runs a test with a worker in Go and one in PHP, testdata/events.php.
func eachWorker(t *testing.T, body func(t *testing.T, g *clustertest.Gateway)) {
	t.Run("Go worker", func(t *testing.T) {
		c := clustertest.Start(t, clustertest.Go, clustertest.Options{Compression: true})
		w, err := businessworker.New(handler{}, businessworker.Options{RegisterAddresses: c.RegisterAddresses(), Logger: clustertest.Quiet()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = w.Run(ctx) }()
		t.Cleanup(func() { stop(); <-done })
		body(t, served(t, c))
	})
	t.Run("PHP worker", func(t *testing.T) {
		clustertest.NeedPHP(t)
		c := clustertest.Start(t, clustertest.Go, clustertest.Options{Compression: true})
		events, err := filepath.Abs("testdata/events.php")
		if err != nil {
			t.Fatal(err)
		}
		clustertest.StartPHPWorker(t, "REGISTER_ADDRESS="+c.Registers[0].Addr, "EVENTS_FILE="+events)
		body(t, served(t, c))
	})
}

// served waits until the worker is there.
func served(t *testing.T, c *clustertest.Cluster) *clustertest.Gateway {
	t.Helper()
	g := c.Gateways[0]
	testwait.Until(t, "the worker is connected", func() bool { return g.Stats().Workers == 1 })
	return g
}

// handler is testdata/events.php in Go.
type handler struct{}

func (handler) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	if rest, ok := bytes.CutPrefix(msg, []byte("all ")); ok {
		return e.Gateway().SendToAll(ctx, rest)
	}
	return e.Send(ctx, msg)
}

// TestChromium: a browser negotiates by itself, and what it says and hears is right.
func TestChromium(t *testing.T) {
	browsertest.Need(t)
	web := httptest.NewServer(http.FileServer(http.Dir("testdata")))
	t.Cleanup(web.Close)
	b := browsertest.Start(t, browsertest.Options{})
	eachWorker(t, func(t *testing.T, g *clustertest.Gateway) {
		p := b.Open(t, web.URL+"/page.html")
		p.Await("document.querySelector('#ready') !== null")
		p.Run(fmt.Sprintf("start('ws://%s/')", g.ClientAddr))
		p.Await("document.querySelector('#result').textContent !== ''")
		const want = "fine: permessage-deflate"
		if got := browsertest.Evaluate[string](p, "document.querySelector('#result').textContent"); !strings.HasPrefix(got, want) {
			t.Errorf("the page says %q, want %q", got, want)
		}
		s := g.Stats().Compression
		if s.Clients != 2 || s.Sent == 0 || s.Received == 0 {
			t.Errorf("%+v", s)
		}
		// Each message to both was compressed once, whatever else was.
		if s.Sent < s.Compressed {
			t.Errorf("%d messages were compressed, and sent %d times", s.Compressed, s.Sent)
		}
		t.Logf("Chromium: %+v", s)
		p.Close()
	})
}

// TestGorilla: one client compresses, another one does not; they understand each
// other.
func TestGorilla(t *testing.T) {
	eachWorker(t, func(t *testing.T, g *clustertest.Gateway) {
		var clients []*websocket.Conn
		for _, compress := range []bool{true, false} {
			d := websocket.Dialer{HandshakeTimeout: patience, EnableCompression: compress}
			ws, _, err := d.Dial("ws://"+g.ClientAddr+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ws.Close() })
			_ = ws.SetReadDeadline(time.Now().Add(patience))
			clients = append(clients, ws)
			said(t, ws, "hello", ws)
		}
		for _, size := range []int{1, 125, 126, 1000, 65535, 65536, 1 << 20} {
			text := jsonText(size)
			for _, ws := range clients {
				said(t, ws, text, ws)
				said(t, ws, "all "+text, clients...)
			}
		}
		if s := g.Stats().Compression; s.Clients != 1 || s.Sent == 0 || s.Received == 0 {
			t.Errorf("%+v", s)
		}
	})
}

// jsonText is like what people say in a chat: text that repeats itself without end
// would be taken for a bomb.
func jsonText(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `{"type":"say","from_client_id":"7f00000109%08x","content":"the meeting was moved to %d"},`, uint32(i)*2654435761, i)
	}
	return b.String()[:size]
}

// said says something; all of to hear it.
func said(t *testing.T, by *websocket.Conn, text string, to ...*websocket.Conn) {
	t.Helper()
	if err := by.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(text, "all ")
	for _, ws := range to {
		if _, p, err := ws.ReadMessage(); err != nil || string(p) != want {
			t.Fatalf("%d bytes come back as %d: %v", len(want), len(p), err)
		}
	}
}
