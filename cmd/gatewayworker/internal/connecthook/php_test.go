package connecthook

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// phpEndpoint serves examples/connect-hook by PHP's own server, and returns its URL.
func phpEndpoint(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("php"); err != nil {
		phpSkipped.Add(1)
		t.Skip("php is not installed")
	}
	script, err := filepath.Abs("../../../../examples/connect-hook/endpoint.php")
	if err != nil {
		t.Fatal(err)
	}
	var address string
	testwait.Until(t, "php serves", func() bool { // the port is anybody's until php has it
		port, release := clustertest.ReservePort()
		t.Cleanup(release)
		address = fmt.Sprintf("127.0.0.1:%d", port)
		cmd := exec.Command("php", "-S", address, script)
		clustertest.OwnSession(cmd)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		for serves := false; !serves; {
			select {
			case <-ended:
				return false
			default:
			}
			if conn, err := net.Dial("tcp", address); err == nil {
				_ = conn.Close()
				serves = true
			}
		}
		t.Cleanup(func() { clustertest.KillSession(cmd); <-ended })
		return true
	})
	return "http://" + address + "/"
}

// TestPHPExample: the example of an endpoint, asked about good and bad clients.
func TestPHPExample(t *testing.T) {
	r := newRigAt(t, phpEndpoint(t), Options{}, nil)
	resp, _ := r.answer(r.request("/?token=7f3a", "Sec-WebSocket-Protocol: chat"))
	if resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Protocol") != "chat" {
		t.Errorf("a good token is answered %v", resp)
	}
	if info, ok := r.gateway.Go.Client(1); !ok || info.UID != "42" || strings.Join(info.Groups, "|") != "everybody" ||
		string(info.Session) != `a:2:{s:4:"name";s:3:"Ann";s:2:"ip";s:9:"127.0.0.1";}` {
		t.Errorf("the gateway knows %+v, session %s", info, info.Session)
	}
	for _, uri := range []string{"/?token=other", "/", "/?token[]=7f3a"} {
		resp, body := r.answer(r.request(uri))
		if resp.StatusCode != 403 || body != "who are you?" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s is answered %v %q", uri, resp, body)
		}
	}
	if s := r.stats(); s.Failed > 0 || s.Refused != 3 {
		t.Errorf("%+v", s)
	}
}

// TestPHPWorker: uid, groups and session are there in a PHP worker's
// onWebSocketConnect, and the client's first message, sent with its request, comes
// behind it.
func TestPHPWorker(t *testing.T) {
	clustertest.NeedPHP(t)
	hook, err := New(Options{URL: phpEndpoint(t), InFlight: 10, Logger: clustertest.Quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(hook.Close)
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{Configure: func(o *gateway.Options) {
		o.ConnectHook, o.ConnectHookTimeout = hook.Ask, patience
	}})
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	clustertest.StartPHPWorker(t, "REGISTER_ADDRESS="+strings.Join(c.RegisterAddresses(), ","), "EVENTS_FILE="+filepath.Join(dir, "testdata", "Events.php"))
	g := c.Gateways[0]
	testwait.Until(t, "the worker is there", func() bool { return g.Go.Stats().Workers == 1 })

	conn, err := net.Dial("tcp", g.ClientAddr)
	if err != nil {
		t.Fatal(err)
	}
	d := websocket.Dialer{HandshakeTimeout: patience, NetDial: func(string, string) (net.Conn, error) { return &early{Conn: conn}, nil }}
	ws, _, err := d.Dial("ws://"+g.ClientAddr+"/?token=7f3a", http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	for _, want := range []string{
		`{"session":{"name":"Ann","ip":"127.0.0.1"},"uid":"42","online":1,"group":1,"get":{"token":"7f3a"}}`,
		"Ann: hello",
	} {
		if _, p, err := ws.ReadMessage(); err != nil || string(p) != want {
			t.Errorf("got %s, %v, want %s", p, err, want)
		}
	}
	if _, resp, err := d.Dial("ws://"+g.ClientAddr+"/", nil); err == nil || resp != nil && resp.StatusCode != 403 {
		t.Errorf("without a token: %v, %v", resp, err)
	}
}

// early sends a message right behind the request.
type early struct {
	net.Conn
	sent bool
}

func (c *early) Write(p []byte) (int, error) {
	if !c.sent {
		c.sent = true
		n := len(p)
		if _, err := c.Conn.Write(append(p[:n:n], "\x81\x85\x00\x00\x00\x00hello"...)); err != nil {
			return 0, err
		}
		return n, nil
	}
	return c.Conn.Write(p)
}
