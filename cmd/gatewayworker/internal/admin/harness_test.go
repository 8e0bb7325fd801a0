package admin

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// patience bounds every wait for something that must happen.
const patience = 30 * time.Second

const testToken = "0123456789abcdef-token"

func TestMain(m *testing.M) {
	code := clustertest.Main(m, testwait.Leaks)
	browsertest.PrintSkipped()
	os.Exit(code)
}

// rig is an admin of gateways that the test made, without its HTTP server.
type rig struct {
	t        testing.TB
	gateways []*gateway.Gateway
	inner    []string // addresses
	client   []string
	log      *logrus.Logger
	samples  *sampler
	ring     *logRing
	handler  http.Handler
	observed Observed
}

// newRig starts gateways for text clients, named one, two, ..., and a Register.
func newRig(t testing.TB, gateways int, token string) *rig {
	t.Helper()
	r := &rig{t: t, log: clustertest.Quiet(), ring: new(logRing)}
	r.log.AddHook(r.ring)
	server, err := register.NewServer(register.Options{Logger: clustertest.Quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	opts := Options{Observed: Observed{Register: &Register{Server: server, Listen: "text://127.0.0.1:1236"}}, Token: token, Version: "v1.2.3", Logger: r.log}
	for i := range gateways {
		g, err := gateway.New(gateway.Options{Listen: "text://127.0.0.1:0", NoRegister: true, Logger: clustertest.Quiet()})
		if err != nil {
			t.Fatal(err)
		}
		client, inner := listen(t), listen(t)
		served := make(chan error, 1)
		go func() { served <- g.Serve(client, inner) }()
		t.Cleanup(func() {
			_ = g.Close()
			if err := <-served; !errors.Is(err, gateway.ErrServerClosed) {
				t.Errorf("Serve: %v", err)
			}
		})
		r.until("the gateway serves", func() bool { return g.InnerAddr() != nil })
		r.gateways, r.inner, r.client = append(r.gateways, g), append(r.inner, inner.Addr().String()), append(r.client, client.Addr().String())
		opts.Observed.Gateways = append(opts.Observed.Gateways, Gateway{Gateway: g, Name: []string{"one", "two"}[i], Listeners: []Listener{{Listen: "text://127.0.0.1:0"}}})
	}
	r.observed = opts.Observed
	opts.Listener = listen(t)
	t.Cleanup(func() { _ = opts.Listener.Close() })
	r.samples = newSampler(&opts.Observed)
	r.handler = newHandler(&opts, r.ring, r.samples, r.log)
	return r
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

// until returns when cond has become true, of which there is no event.
func (r *rig) until(what string, cond func() bool) {
	r.t.Helper()
	testwait.Until(r.t, what, cond)
}

// untilTold waits until nothing is on its way to a worker.
func (r *rig) untilTold() {
	r.t.Helper()
	r.until("the workers are told", func() bool {
		for _, g := range r.gateways {
			if slices.ContainsFunc(g.BusinessWorkers(), func(w gateway.BusinessWorkerInfo) bool { return w.Waiting > 0 }) {
				return false
			}
		}
		return true
	})
}

// conn is a connection to a gateway.
type conn struct {
	net.Conn
	r *bufio.Reader
}

func (r *rig) dial(address string) *conn {
	r.t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = c.Close() })
	return &conn{c, bufio.NewReader(c)}
}

// worker connects a business worker to gateway i.
func (r *rig) worker(i int, key string) *conn {
	r.t.Helper()
	before := r.gateways[i].Stats().Workers
	w := r.dial(r.inner[i])
	w.command(r.t, gp.Message{Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: fmt.Appendf(nil, `{"worker_key":%q,"secret_key":""}`, key)})
	r.until("the worker is there", func() bool { return r.gateways[i].Stats().Workers > before })
	return w
}

// client connects a client to gateway i and returns its id.
func (r *rig) newClient(i int) (*conn, gp.ClientID) {
	r.t.Helper()
	c := r.dial(r.client[i])
	port := c.LocalAddr().(*net.TCPAddr).Port
	var id gp.ClientID
	r.until("the client is there", func() bool {
		r.gateways[i].EachClient(func(info *gateway.ClientInfo) bool {
			if int(info.Remote.Port()) == port {
				id = info.ID
			}
			return true
		})
		return id != gp.ClientID{}
	})
	return c, id
}

func (c *conn) command(t testing.TB, m gp.Message) {
	t.Helper()
	if _, err := c.Write(gp.AppendMessage(nil, &m)); err != nil {
		t.Fatal(err)
	}
}

// line reads a message that a client got.
func (c *conn) line(t *testing.T) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	line, err := c.r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// gone waits for the gateway to close the connection.
func (c *conn) gone(t *testing.T) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	if rest, err := io.ReadAll(c.r); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("want the end of the connection, got %v after %q", err, rest)
	}
}

// do asks the admin. Each header is "Name: value".
func (r *rig) do(method, target, body string, headers ...string) (int, string) {
	r.t.Helper()
	req := httptest.NewRequestWithContext(r.t.Context(), method, target, strings.NewReader(body))
	req.Host = "localhost:8081"
	req.RemoteAddr = "192.0.2.1:1234"
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		switch name {
		case "Host":
			req.Host = value
		case "Remote":
			req.RemoteAddr = value
		default:
			req.Header.Set(name, value)
		}
	}
	rec := httptest.NewRecorder()
	r.handler.ServeHTTP(rec, req)
	text, err := io.ReadAll(rec.Result().Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return rec.Code, string(text)
}

const withToken = "Authorization: Bearer " + testToken

func (r *rig) get(target string) string {
	r.t.Helper()
	code, body := r.do(http.MethodGet, target, "", withToken)
	if code != http.StatusOK {
		r.t.Fatalf("%s: %d %s", target, code, body)
	}
	return body
}
