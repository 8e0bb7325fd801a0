package clustertest

import (
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// autoloadVariable names the environment variable for live runs.
const autoloadVariable = "GATEWAYWORKER_PHP_AUTOLOAD"

// A Peer says whose Register and Gateway a cluster is made of.
type Peer string

// The peers.
const (
	Go  Peer = "go"
	PHP Peer = "php"
)

var ran, skipped atomic.Int32 // runs against PHP

// Each runs the test body against a cluster of each peer.
func Each(t *testing.T, opts Options, body func(t *testing.T, c *Cluster)) {
	t.Helper()
	for _, peer := range []Peer{Go, PHP} {
		t.Run(string(peer), func(t *testing.T) {
			if peer == PHP {
				NeedPHP(t)
			}
			body(t, Start(t, peer, opts))
		})
	}
}

// Options describes a cluster. The zero value is one Register and one gateway
// for websocket clients, without a secret key.
type Options struct {
	Registers int // 0: 1
	Gateways  int // 0: 1
	SecretKey string
	Scheme    string // of the client port; "": websocket
	Cert, Key string // PEM files; "": without TLS

	Compression bool // gateways of this module accept permessage-deflate
	// Configure changes the options of gateways in Go. nil leaves them.
	Configure func(*gateway.Options)
}

// A Cluster is a running cluster. It ends with its test.
type Cluster struct {
	Peer      Peer
	SecretKey string
	Registers []*Register
	Gateways  []*Gateway
}

// Start starts a cluster and waits until every Register knows every gateway.
func Start(t testing.TB, peer Peer, opts Options) *Cluster {
	t.Helper()
	c := &Cluster{Peer: peer, SecretKey: opts.SecretKey}
	if opts.Scheme == "" {
		opts.Scheme = "websocket"
	}
	for range max(1, opts.Registers) {
		r := &Register{peer: peer, key: opts.SecretKey, Addr: freeAddr(t)}
		r.Start(t)
		t.Cleanup(r.Kill)
		c.Registers = append(c.Registers, r)
	}
	for range max(1, opts.Gateways) {
		c.addGateway(t, opts)
		for _, r := range c.Registers { // one after the other: the order is Register's
			r.WaitFor(t, len(c.Gateways))
		}
	}
	return c
}

// AddGateway starts one more gateway.
func (c *Cluster) AddGateway(t testing.TB, scheme string) *Gateway {
	t.Helper()
	return c.addGateway(t, Options{Scheme: scheme})
}

func (c *Cluster) addGateway(t testing.TB, opts Options) *Gateway {
	t.Helper()
	g := &Gateway{
		peer: c.Peer, key: c.SecretKey, scheme: opts.Scheme, certFile: opts.Cert, keyFile: opts.Key, compression: opts.Compression,
		registers:  c.RegisterAddresses(),
		configure:  opts.Configure,
		ClientAddr: freeAddr(t), InnerAddr: freeAddr(t),
	}
	g.Start(t)
	t.Cleanup(g.Kill)
	c.Gateways = append(c.Gateways, g)
	return g
}

// RegisterAddresses returns the addresses of the Registers.
func (c *Cluster) RegisterAddresses() []string {
	var out []string
	for _, r := range c.Registers {
		out = append(out, r.Addr)
	}
	return out
}

// Quiet is a logger that says nothing.
func Quiet() *logrus.Logger {
	l := logrus.New()
	l.SetOutput(discard{})
	return l
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// freeAddr returns an address that is the test's, also while no process listens on it.
func freeAddr(t testing.TB) string {
	t.Helper()
	port, release := ReservePort()
	t.Cleanup(release)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func portNumber(addr string) int {
	n, _ := strconv.Atoi(portOf(addr))
	return n
}
