package admin

import (
	"net"
	"net/http"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// pipes is a listener whose connections are in memory: 20,000 of them need no open
// files.
type pipes struct {
	net.Listener // for its address
	conns        chan net.Conn
	closed       chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	return p.Listener.Close()
}

// addressed is an end of a pipe that has an address.
type addressed struct {
	net.Conn
	remote net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.remote }

// BenchmarkScrape reads the metrics of a gateway with 20,000 clients, each with a
// uid.
func BenchmarkScrape(b *testing.B) {
	const clients = 20_000
	g, err := gateway.New(gateway.Options{Listen: "text://127.0.0.1:0", NoRegister: true, Logger: clustertest.Quiet()})
	if err != nil {
		b.Fatal(err)
	}
	l := &pipes{listen(b), make(chan net.Conn), make(chan struct{})}
	inner := listen(b)
	served := make(chan error, 1)
	go func() { served <- g.Serve(l, inner) }()
	b.Cleanup(func() {
		_ = g.Close()
		<-served
	})
	r := &rig{t: b, gateways: []*gateway.Gateway{g}, inner: []string{inner.Addr().String()}}
	r.until("the gateway serves", func() bool { return g.InnerAddr() != nil })
	w := r.worker(0, "w:0")
	go func() { // it reads, and its events are lost
		buf := make([]byte, 64<<10)
		for {
			if _, err := w.Read(buf); err != nil {
				return
			}
		}
	}()
	for i := range clients {
		ours, theirs := net.Pipe()
		b.Cleanup(func() { _ = ours.Close() })
		l.conns <- addressed{theirs, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1024 + i}}
	}
	r.until("all are there", func() bool { return g.Stats().Clients == clients })
	for id := range uint32(clients) {
		w.command(b, gp.Message{Cmd: gp.CmdBindUID, ConnectionID: id + 1, ExtData: []byte{'u', byte(id), byte(id >> 8)}})
	}
	r.until("all have uids", func() bool { return g.Stats().Commands[gp.CmdBindUID] == clients })
	o := Observed{Gateways: []Gateway{{Gateway: g, Listeners: []Listener{{Listen: "text://127.0.0.1:0"}}}}}
	r.handler = newMetricsHandler(&collector{&o, "v1.2.3", new(logRing)})
	for b.Loop() {
		if code, _ := r.do(http.MethodGet, "/metrics", ""); code != http.StatusOK {
			b.Fatal(code)
		}
	}
}
