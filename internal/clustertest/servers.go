package clustertest

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// patience is how long anything may take.
const patience = 2 * time.Minute

// A Register of a cluster. Kill and Start restart it on the same address.
type Register struct {
	Addr string

	peer Peer
	key  string
	kill func()
}

// Start starts the Register.
func (r *Register) Start(t testing.TB) {
	t.Helper()
	if r.peer == PHP {
		r.kill = startPHP(t, "start_register.php", "REGISTER_LISTEN="+r.Addr, "SECRET_KEY="+r.key)
		waitPort(t, r.Addr)
		return
	}
	s, err := register.NewServer(register.Options{SecretKey: r.key, Logger: Quiet()})
	if err != nil {
		t.Fatal(err)
	}
	ln := listen(t, r.Addr)
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	r.kill = func() { s.Close(); <-done }
}

// Kill ends the Register at once.
func (r *Register) Kill() {
	if r.kill != nil {
		r.kill()
		r.kill = nil
		waitNoPort(r.Addr)
	}
}

// WaitFor waits until the Register names n gateways.
func (r *Register) WaitFor(t testing.TB, n int) {
	t.Helper()
	nc, err := net.Dial("tcp", r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(patience))
	nc.Write(gatewayprotocol.AppendWorkerConnect(nil, r.key))
	for lines := bufio.NewScanner(nc); lines.Scan(); {
		list, err := gatewayprotocol.ParseBroadcastAddresses(lines.Bytes())
		if err == nil && len(list) == n {
			return
		}
	}
	t.Fatalf("register %s does not name %d gateways", r.Addr, n)
}

// A Gateway of a cluster. Kill and Start restart it on the same addresses.
type Gateway struct {
	ClientAddr string // for clients
	InnerAddr  string // for workers and GatewayClients

	// Go is the gateway itself, nil for PHP's. Start makes another one.
	Go *gateway.Gateway

	peer      Peer
	key       string
	scheme    string
	registers []string
	certFile  string
	keyFile   string
	configure func(*gateway.Options)
	kill      func()

	compression bool
	server      *gateway.Gateway // of this module
}

// Stats returns those of a gateway of this module.
func (g *Gateway) Stats() gateway.Stats { return g.server.Stats() }

// Address returns InnerAddr.
func (g *Gateway) Address() gatewayprotocol.GatewayAddress {
	a, _ := gatewayprotocol.ParseGatewayAddress(g.InnerAddr)
	return a
}

// Start starts the gateway.
func (g *Gateway) Start(t testing.TB) {
	t.Helper()
	if g.peer == PHP {
		g.kill = startPHP(t, "start_gateway.php",
			"GATEWAY_LISTEN="+g.scheme+"://"+g.ClientAddr,
			"LAN_IP=127.0.0.1", "START_PORT="+portOf(g.InnerAddr),
			"REGISTER_ADDRESS="+strings.Join(g.registers, ","),
			"SECRET_KEY="+g.key, "TLS_CERT="+g.certFile, "TLS_KEY="+g.keyFile)
		waitPort(t, g.InnerAddr)
		waitPort(t, g.ClientAddr)
		return
	}
	var config *tls.Config
	if g.certFile != "" {
		pair, err := tls.LoadX509KeyPair(g.certFile, g.keyFile)
		if err != nil {
			t.Fatal(err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	opts := gateway.Options{
		TLS:               config,
		Listen:            g.scheme + "://" + g.ClientAddr,
		StartPort:         portNumber(g.InnerAddr),
		RegisterAddresses: g.registers,
		SecretKey:         g.key,
		Compression:       g.compression,
		Logger:            Quiet(),
	}
	if g.configure != nil {
		g.configure(&opts)
	}
	s, err := gateway.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	g.server = s
	clients, inner := listen(t, g.ClientAddr), listen(t, g.InnerAddr)
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(clients, inner) }()
	g.Go = s
	g.kill = func() { s.Close(); <-done }
}

// Kill ends the gateway at once.
func (g *Gateway) Kill() {
	if g.kill != nil {
		g.kill()
		g.kill = nil
		waitNoPort(g.InnerAddr)
		waitNoPort(g.ClientAddr)
	}
}

func listen(t testing.TB, addr string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}
