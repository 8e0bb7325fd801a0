package gateway

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// proxyProgram starts a program that listens at the address that it is given and
// passes connections on. It skips the test where the program is missing.
func proxyProgram(t *testing.T, program string, start func(dir, listen string) *exec.Cmd) (address string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("SKIPPED a test with %s: %v", program, err)
	}
	for range 3 { // another process may take the port first
		// An address of loopback that hardly anybody else uses.
		host := fmt.Sprintf("127.77.%d.%d:0", os.Getpid()>>8&0xff, os.Getpid()&0xff)
		l, err := net.Listen("tcp", host)
		if err != nil {
			t.Skipf("SKIPPED a test with %s: %v", program, err)
		}
		address = l.Addr().String()
		_ = l.Close()
		cmd := start(t.TempDir(), address)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for up := false; !up; {
			select {
			case err = <-ended:
				up = true
			default:
				var conn net.Conn
				if conn, err = net.Dial("tcp", address); err == nil {
					_ = conn.Close()
					t.Cleanup(func() {
						_ = cmd.Process.Kill()
						<-ended
					})
					return address
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
		t.Logf("%s ended: %v", program, err)
	}
	t.Fatalf("%s does not start", program)
	return ""
}

// nginxStream is where Debian puts nginx's module for streams.
const nginxStream = "/usr/lib/nginx/modules/ngx_stream_module.so"

// nginx is an nginx with a configuration, in which HERE is its address.
func nginx(t *testing.T, body string) string {
	return proxyProgram(t, "nginx", func(dir, listen string) *exec.Cmd {
		file := filepath.Join(dir, "nginx.conf")
		config := "daemon off; master_process off; pid " + dir + "/pid; error_log " + dir + "/log; events {}\n" + strings.ReplaceAll(body, "HERE", listen)
		if strings.HasPrefix(strings.TrimSpace(body), "stream") {
			config = "load_module " + nginxStream + ";\n" + config
		} else {
			for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
				config = strings.Replace(config, "http {", "http { "+kind+"_temp_path "+dir+"/"+kind+";", 1)
			}
		}
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("nginx", "-e", filepath.Join(dir, "log"), "-p", dir, "-c", file)
		cmd.Stderr = os.Stderr
		return cmd
	})
}

// dialFrom connects from an address of loopback.
func dialFrom(t *testing.T, from, to string) *websocket.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	ws, _, err := (&websocket.Dialer{HandshakeTimeout: patience, NetDialContext: dialer.DialContext}).Dial("ws://"+to+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

// wantClient checks whose event the next one of a kind is. Those of other
// connections, such as the one that tried whether a proxy is up, come between.
func (p *peer) wantClient(cmd gp.Command, address string) gp.Message {
	p.t.Helper()
	want := gp.AddrToUint32(netip.MustParseAddr(address))
	for {
		if m := p.next(); m.Cmd == cmd && m.ClientIP == want {
			return m
		} else if m.Cmd == cmd && cmd != gp.CmdOnConnect && cmd != gp.CmdOnClose {
			p.t.Fatalf("%v of client %#x, want %#x", cmd, m.ClientIP, want)
		}
	}
}

// TestNginxHeader: nginx passes on clients' addresses in either header.
func TestNginxHeader(t *testing.T) {
	for _, header := range []string{"X-Real-IP", "X-Forwarded-For"} {
		t.Run(header, func(t *testing.T) {
			g := startGateway(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, ProxyHeader: header})
			w := g.worker("w:0")
			at := nginx(t, `http { access_log off; server { listen HERE; location / {
				proxy_pass http://`+g.client+`; proxy_bind 127.0.0.1; proxy_http_version 1.1;
				proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
				proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } } }`)
			ws := dialFrom(t, "127.0.0.5", at)
			m := w.wantClient(gp.CmdOnWebSocketConnect, "127.0.0.5")
			if !strings.Contains(string(m.Body), `"REMOTE_ADDR";s:9:"127.0.0.5"`) {
				t.Errorf("no REMOTE_ADDR in %s", m.Body)
			}
			if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			w.wantClient(gp.CmdOnMessage, "127.0.0.5")
			_ = ws.Close()
			w.wantClient(gp.CmdOnClose, "127.0.0.5")
		})
	}
}

// testProxyProgram checks a proxy that sends PROXY heads.
func testProxyProgram(t *testing.T, w *peer, at string) {
	t.Helper()
	ws := dialFrom(t, "127.0.0.5", at)
	port := ws.LocalAddr().(*net.TCPAddr).Port
	for _, cmd := range []gp.Command{gp.CmdOnConnect, gp.CmdOnWebSocketConnect} {
		if m := w.wantClient(cmd, "127.0.0.5"); int(m.ClientPort) != port {
			t.Errorf("%v: port %d, want %d", cmd, m.ClientPort, port)
		}
	}
	if err := ws.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	m := w.wantClient(gp.CmdOnMessage, "127.0.0.5")
	w.send(withBody(gp.CmdSendToOne, m.ConnectionID, "answer"))
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	wantText(t, ws, "answer")
}

func proxyProtocolOptions() Options {
	return Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, ProxyProtocol: true}
}

// TestNginxStream: nginx sends heads of version 1.
func TestNginxStream(t *testing.T) {
	if _, err := os.Stat(nginxStream); err != nil {
		t.Skipf("SKIPPED nginx with PROXY heads: %v", err)
	}
	g := startGateway(t, proxyProtocolOptions())
	w := g.worker("w:0") // before the connection that tries whether nginx is up
	testProxyProgram(t, w, nginx(t, `stream { server { listen HERE; proxy_pass `+g.client+`; proxy_bind 127.0.0.1; proxy_protocol on; } }`))
}

// TestHAProxy: HAProxy sends heads of either version.
func TestHAProxy(t *testing.T) {
	for _, send := range []string{"send-proxy", "send-proxy-v2"} {
		t.Run(send, func(t *testing.T) {
			g := startGateway(t, proxyProtocolOptions())
			w := g.worker("w:0")
			testProxyProgram(t, w, proxyProgram(t, "haproxy", func(dir, listen string) *exec.Cmd {
				file := filepath.Join(dir, "haproxy.cfg")
				config := "defaults\n mode tcp\n timeout connect 30s\n timeout client 30s\n timeout server 30s\nlisten gateway\n bind " + listen +
					"\n server gw " + g.client + " source 127.0.0.1 " + send + "\n"
				if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
					t.Fatal(err)
				}
				return exec.Command("haproxy", "-db", "-q", "-f", file)
			}))
		})
	}
}
