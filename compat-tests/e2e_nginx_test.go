package compattests

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// nginx is an nginx in front of one gateway.
type nginx struct {
	plain, secure int // ports for ws and wss
}

// nginx starts nginx with testdata/e2e/nginx.conf.tmpl.
func (s *stage) nginx(gateway string) nginx {
	n := nginx{plain: s.freePort(), secure: s.freePort()}
	s.names.port(n.plain, "ngx")
	s.names.port(n.secure, "ngxs")
	dir, err := os.MkdirTemp(s.dir, "nginx")
	s.check(err)
	files, err := tlsFiles(dir)
	s.check(err)
	conf, err := os.Create(filepath.Join(dir, "nginx.conf"))
	s.check(err)
	err = template.Must(template.ParseFiles(e2eFile("nginx.conf.tmpl"))).Execute(conf, map[string]any{
		"Dir": dir, "Port": n.plain, "TLSPort": n.secure, "Cert": files.cert, "Key": files.key, "Gateway": gateway,
	})
	conf.Close()
	s.check(err)
	cmd := exec.Command("nginx", "-e", filepath.Join(dir, "nginx.log"), "-p", dir, "-c", conf.Name())
	clustertest.OwnSession(cmd)
	s.check(cmd.Start())
	s.cleanup(func() {
		clustertest.KillSession(cmd)
		_ = cmd.Wait()
	})
	s.check(dialUntilUp(net.JoinHostPort("127.0.0.1", strconv.Itoa(n.secure))))
	return n
}

// A proxied is a request that goes through nginx.
type proxied struct {
	name, scheme, target, header string
}

var proxiedRequests = []proxied{
	{"manual-ws", "ws", "/wss?token=a%20b&ids[]=1&ids[]=x&m[k]=v", "Origin: http://chat.test\r\nUser-Agent: test\r\nCookie: PHPSESSID=abc; n=%20\r\n"},
	{"manual-wss", "wss", "/wss", "Origin: https://chat.test\r\n"},
	{"forwarded-ws", "ws", "/chat/room?id=7", "X-Forwarded-For: 203.0.113.7\r\nX-Real-IP: 203.0.113.8\r\nX-Tag: a\r\nX-Tag: b\r\nAccept-Language: de, en\r\n"},
	{"forwarded-wss", "wss", "/chat", "X_Under_Score: dropped\r\nX-Empty:\r\n"},
}

func (p proxied) handshake() string {
	return "GET " + p.target + " HTTP/1.1\r\nHost: chat.test\r\n" + p.header + "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
}

var httpDate = regexp.MustCompile(`Date: [^\r]*\r\n`)

// through connects a client to nginx, as the scripted worker sees it: its
// address is nginx's.
func (s *stage) through(n nginx, p proxied) *client {
	port := n.plain
	if p.scheme == "wss" {
		port = n.secure
	}
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	s.check(err)
	if p.scheme == "wss" {
		conn = tls.Client(conn, clientTLS(gatewayConfig{}))
	}
	gw := s.gateways[0]
	gw.accepted++
	return &client{stream: s.adopt(p.name, conn), gw: gw, id: uint32(gw.accepted), worker: s.workers[0]}
}

// playNginx has each request made, messages sent both ways and the connection closed.
func playNginx(s *stage) {
	gw := s.gateway(gatewayConfig{})
	w := s.worker()
	n := s.nginx(gw.clientAddress)
	long := strings.Repeat("0123456789", 9000)
	for _, p := range proxiedRequests {
		c := s.through(n, p)
		s.note("%s", p.name)
		c.put([]byte(p.handshake()))
		u, ok := w.next()
		if !ok || u.frame == nil {
			s.fail("no event")
		}
		s.names.client(p.name, int(u.frame.ClientPort)) // nginx's, which the handshake data must repeat
		w.logUnit(u)
		w.expect() // CMD_ON_WEBSOCKET_CONNECT
		s.log("%s < %s", c.name, quote([]byte(httpDate.ReplaceAllString(c.readHead(), ""))))
		c.send("to the worker")
		w.expect()
		c.send(long)
		w.expect()
		w.send(sendToOne(c.id, "to the client"), sendToOne(c.id, long))
		c.expectN(2)
		c.put(wsFrame(0x89, "ping"))
		c.expect()
		c.put(wsFrame(0x88, "\x03\xe8"))
		c.expect()
		w.expect() // CMD_ON_CLOSE
		c.expectClosed()
	}
	s.note("no websocket request")
	c := s.through(n, proxied{name: "plain"})
	c.put([]byte("GET /chat HTTP/1.1\r\nHost: chat.test\r\nConnection: close\r\n\r\n"))
	u, _ := w.next()
	s.names.client(c.name, int(u.frame.ClientPort))
	w.logUnit(u)
	s.log("%s < %s", c.name, quote([]byte(httpDate.ReplaceAllString(c.readHead(), ""))))
	c.expectClosed()
	w.drain()
}

// TestNginxHandshakeData compares the frames that reach a worker, and what the
// client gets, when nginx stands between.
func TestNginxHandshakeData(t *testing.T) {
	t.Parallel()
	startE2E(t, "nginx")
	records := map[string][]string{}
	for _, by := range []implementation{php{}, ours} {
		sc := &scenario{name: "nginx", run: playNginx}
		lines, err := sc.perform(t, cast{name: by.name(), register: by, gateway: by}, nil)
		if err != nil {
			t.Fatalf("%s: %v", by.name(), err)
		}
		records[by.name()] = lines
	}
	if diff := cmp.Diff(records["PHP"], records["Go"]); diff != "" {
		t.Errorf("behind nginx Go does not do what PHP does (-PHP +Go):\n%s", diff)
	}
	if all := strings.Join(records["Go"], "\n"); !strings.Contains(all, `s:20:"HTTP_X_FORWARDED_FOR";s:22:"203.0.113.7, 127.0.0.1"`) {
		t.Errorf("no X-Forwarded-For in\n%s", all)
	}
}

// TestNginxOnWebSocketConnect compares what onWebSocketConnect of a PHP worker
// gets behind nginx.
func TestNginxOnWebSocketConnect(t *testing.T) {
	t.Parallel()
	startE2E(t, "nginx")
	records := map[string][]string{}
	for _, by := range []implementation{php{}, ours} {
		e := enterE2E(t)
		r := e.register(by, "")
		gw := e.gateway(by, "gw1", gatewayConfig{}, r)
		e.await(r, gw)
		e.phpWorker(filepath.Join(fixtures, "Events.php"), 1, 1, []*e2eRegister{r}, "EVENTS=websocket")
		n := e.stage.nginx(gw.client)
		for _, p := range proxiedRequests {
			port := map[string]int{"ws": n.plain, "wss": n.secure}[p.scheme]
			c := e.dial(p.name, fmt.Sprintf("%s://127.0.0.1:%d%s", p.scheme, port, p.target), http.Header{"X-Tag": {"a", "b"}, "X-Real-Ip": {"10.0.0.1"}})
			_, data, _ := strings.Cut(c.must(), " ")
			records[by.name()] = append(records[by.name()], normalHandshakeData(e, gw, data))
			c.send("echo")
			if answer := c.must(); answer != "echo" {
				t.Errorf("%s: answer %q", p.name, answer)
			}
			c.hangUp()
		}
	}
	if diff := cmp.Diff(records["PHP"], records["Go"]); diff != "" {
		t.Errorf("onWebSocketConnect gets different data (-PHP +Go):\n%s", diff)
	}
}

// normalHandshakeData renders the array that onWebSocketConnect got, with the
// parts that differ from connection to connection replaced.
func normalHandshakeData(e *e2e, gw *e2eGateway, data string) string {
	e.Helper()
	value, err := phpserialize.Unmarshal([]byte(data))
	if err != nil {
		e.Fatal(err)
	}
	all, _ := value.(*phpserialize.Array)
	inner, _ := all.GetString("server")
	server, ok := inner.(*phpserialize.Array)
	if !ok {
		e.Fatalf("no server in %s", data)
	}
	if port, _ := server.GetString("SERVER_PORT"); port != int64(portOf(gw.client)) {
		e.Errorf("SERVER_PORT is %v, want that of %s", port, gw.client)
	}
	for _, varies := range []string{"SERVER_PORT", "REMOTE_PORT", "HTTP_SEC_WEBSOCKET_KEY"} {
		if was, ok := server.GetString(varies); ok {
			server.SetString(varies, fmt.Sprintf("<%T>", was))
		}
	}
	for _, host := range []string{"SERVER_NAME", "HTTP_HOST"} {
		was, _ := server.GetString(host)
		server.SetString(host, strings.ReplaceAll(fmt.Sprint(was), portText(gw.client), "<gateway>"))
	}
	out, err := phpserialize.Marshal(all)
	if err != nil {
		e.Fatal(err)
	}
	return string(out)
}

func portText(address string) string { return strconv.Itoa(portOf(address)) }
