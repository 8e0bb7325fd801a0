package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestOptionErrors(t *testing.T) {
	for _, tt := range []struct {
		opts Options
		want string
	}{
		{Options{}, "gateway: option Listen: required; set an address such as websocket://0.0.0.0:8282"},
		{Options{LanIP: "::1"}, `gateway: option LanIP: "::1": not an IPv4 address; set the one by which workers reach this host`},
		{Options{LanIP: "0.0.0.0"}, `gateway: option LanIP: "0.0.0.0": workers cannot connect to this address; to listen on all addresses set InnerListen`},
		{Options{StartPort: 70000}, "gateway: option StartPort: 70000: not a port; use 1 to 65535"},
		{Options{InnerListen: "x"}, `gateway: option InnerListen: "x": not an IP address; 0.0.0.0 stands for all addresses`},
		{Options{RegisterAddresses: []string{"a:1236", "b"}}, `gateway: option RegisterAddresses: "b": not host:port; an address looks like 127.0.0.1:1236`},
		{Options{RegisterAddresses: []string{"a:1236"}, NoRegister: true}, "gateway: option NoRegister: true: RegisterAddresses are set; leave out one of the two"},
		{Options{PingInterval: -1}, "gateway: option PingInterval: -1ns: negative; use 0 for none, or a positive duration"},
		{Options{PingNotResponseLimit: -1}, "gateway: option PingNotResponseLimit: -1: negative; use 0 for clients that may be silent for ever"},
		{Options{Router: "x"}, `gateway: option Router: "x": use router_least_connections or router_random`},
		{Options{HandshakeData: 5}, "gateway: option HandshakeData: 5: use 3 (GatewayWorker 3.x, Workerman 3.5 and 4) or 4 (GatewayWorker 4 on Workerman 5)"},
		{Options{SendToWorkerBufferSize: -1}, "gateway: option SendToWorkerBufferSize: -1: negative; use 0 for the default of 10240000, or a positive number"},
		{Options{SendToClientBufferSize: -1}, "gateway: option SendToClientBufferSize: -1: negative; use 0 for the default of 1024000, or a positive number"},
		{Options{MaxPackageSize: 1023}, "gateway: option MaxPackageSize: 1023: out of range; use 1024 to 2147483647"},
		{Options{MaxPackageSize: -1}, "gateway: option MaxPackageSize: -1: out of range; use 1024 to 2147483647"},
	} {
		if tt.opts.Listen = "websocket://127.0.0.1:0"; tt.want[:22] == "gateway: option Listen" {
			tt.opts.Listen = ""
		}
		_, err := New(tt.opts)
		var oe *OptionError
		if !errors.As(err, &oe) || err.Error() != tt.want {
			t.Errorf("error %q, want %q", err, tt.want)
		}
	}
}

func TestOptionDefaults(t *testing.T) {
	got, _, err := Options{Listen: "text://127.0.0.1:0"}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	got.Logger = nil
	if diff := cmp.Diff(Options{
		Listen:                 "text://127.0.0.1:0",
		LanIP:                  "127.0.0.1",
		StartPort:              2000,
		InnerListen:            "127.0.0.1",
		RegisterAddresses:      []string{"127.0.0.1:1236"},
		Router:                 RouterLeastConnections,
		HandshakeData:          HandshakeData4,
		SendToWorkerBufferSize: 10_240_000,
		SendToClientBufferSize: 1_024_000,
		MaxPackageSize:         10_485_760,
		ConnectHookTimeout:     DefaultConnectHookTimeout, ConnectHookInFlight: DefaultConnectHookInFlight, ConnectHookQueue: DefaultConnectHookQueue,
		HandshakeTimeout:   time.Minute,
		CompressionLevel:   5,
		CompressionMinSize: 256,
		CompressionMaxSize: 262_144,
	}, got, cmp.AllowUnexported(Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMaxPackageSize: a client and a worker that send more than they may are
// disconnected.
func TestMaxPackageSize(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		opts.MaxPackageSize = 2000
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		w.event(gp.CmdOnConnect)
		if _, err := c.conn.Write([]byte(strings.Repeat("x", 1998) + "\n")); err != nil {
			t.Fatal(err)
		}
		if m := w.event(gp.CmdOnMessage); len(m.Body) != 1998 {
			t.Errorf("a message of %d bytes, want 1998", len(m.Body))
		}
		if _, err := c.conn.Write([]byte(strings.Repeat("x", 1999) + "\n")); err != nil {
			t.Fatal(err)
		}
		c.gone()
		w.event(gp.CmdOnClose)
		w.send(withBody(gp.CmdSendToAll, 0, strings.Repeat("x", 2000-gp.HeadLen)))
		w.barrier()
		w.send(withBody(gp.CmdSendToAll, 0, strings.Repeat("x", 2001-gp.HeadLen)))
		w.gone()
	})
}

// TestDial: connections to Registers are opened with Dial.
func TestDial(t *testing.T) {
	dialled := make(chan string, 1)
	startGateway(t, Options{
		RegisterAddresses: []string{"register.example:1236"},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			select {
			case dialled <- network + " " + address:
			default:
			}
			return nil, errors.New("no such place")
		},
	})
	select {
	case got := <-dialled:
		if got != "tcp register.example:1236" {
			t.Errorf("dialled %q", got)
		}
	case <-time.After(patience):
		t.Fatal("nothing was dialled")
	}
}

// TestSlog: entries go to a slog.Logger where no logrus logger is given.
func TestSlog(t *testing.T) {
	var log bytes.Buffer
	g, err := New(Options{Listen: "websocket://127.0.0.1:0", NoRegister: true, Slog: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	g.log.Info("hello")
	if !strings.Contains(log.String(), "level=INFO msg=hello role=gateway") {
		t.Errorf("logged %q", log.String())
	}
}
