package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestReload: what can change changes, what cannot is named, and options that
// New would refuse change nothing.
func TestReload(t *testing.T) {
	opts := Options{Listen: "text://127.0.0.1:1", LanIP: "127.0.0.1", StartPort: 2901, NoRegister: true, PingInterval: time.Hour}
	g := startGateway(t, opts)

	next := opts
	next.SendToClientBufferSize = 4096
	next.PingInterval, next.PingData = time.Minute, "ping"
	next.Router = RouterRandom
	next.StartPort, next.SecretKey = 2902, "new"
	next.Listen = "text://127.0.0.1:2"
	got, err := g.Reload(next)
	want := Reloaded{
		Changed:     []string{"PingInterval", "PingData", "Router", "SendToClientBufferSize"},
		NeedRestart: []string{"Listen", "StartPort", "SecretKey"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v\n%s", err, diff)
	}
	if now := g.options(); now.SendToClientBufferSize != 4096 || now.PingData != "ping" || now.StartPort != 2901 || now.SecretKey != "" {
		t.Errorf("options are %+v", now)
	}
	if !g.workers.random {
		t.Error("clients are not given to workers at random")
	}

	bad := next
	bad.SendToClientBufferSize, bad.PingInterval = 1, -1
	var oe *OptionError
	if got, err := g.Reload(bad); !errors.As(err, &oe) || oe.Option != "PingInterval" || len(got.Changed) > 0 {
		t.Errorf("bad options: %+v, %v", got, err)
	}
	bad = next
	bad.Listen = "ftp://127.0.0.1:1"
	if _, err := g.Reload(bad); err == nil {
		t.Error("a bad address: no error")
	}
	if g.options().SendToClientBufferSize != 4096 {
		t.Error("bad options changed something")
	}
	if got, err := g.Reload(next); err != nil || len(got.Changed) > 0 {
		t.Errorf("the same options again: %+v, %v", got, err)
	}
}

// now returns the options as they are now.
func (g *testGateway) now() Options { return *g.options() }

// TestReloadedPing: clients are pinged by the new options.
func TestReloadedPing(t *testing.T) {
	g := startGateway(t, Options{Listen: "text://127.0.0.1:0"})
	g.worker("w:0")
	c := g.dialRaw()
	next := g.now()
	next.PingInterval, next.PingData = time.Millisecond, "ping"
	if _, err := g.Reload(next); err != nil {
		t.Fatal(err)
	}
	if line, err := c.r.ReadString('\n'); err != nil || line != "ping\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	next.PingData = "other"
	if _, err := g.Reload(next); err != nil {
		t.Fatal(err)
	}
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "other\n" {
			break
		}
	}
	next.PingNotResponseLimit = 1
	if _, err := g.Reload(next); err != nil {
		t.Fatal(err)
	}
	c.gone()
}

// TestReloadedHandshakeTimeout: it counts for clients who come from now on.
func TestReloadedHandshakeTimeout(t *testing.T) {
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	next := g.now()
	next.HandshakeTimeout = 10 * time.Millisecond
	if _, err := g.Reload(next); err != nil {
		t.Fatal(err)
	}
	c := g.dialRaw()
	w.event(gp.CmdOnConnect)
	c.gone()
	next.HandshakeTimeout = 0
	if _, err := g.Reload(next); err != nil {
		t.Fatal(err)
	}
}

// TestReloadedTLS: connections from then on get the new certificate.
func TestReloadedTLS(t *testing.T) {
	for name, portable := range map[string]bool{"epoll": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			g := startGateway(t, Options{Listen: "text://127.0.0.1:0", TLS: serverTLS(), portable: portable, Listeners: []Listener{{Listen: "text://127.0.0.1:0"}}})
			w := g.worker("w:0")
			old := g.dialRaw()
			w.event(gp.CmdOnConnect)
			if err := old.conn.(*tls.Conn).Handshake(); err != nil {
				t.Fatal(err)
			}
			next := g.now()
			refused := errors.New("the new configuration")
			asked := make(chan struct{})
			next.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
				close(asked)
				return nil, refused
			}}
			next.Listeners = slices.Clone(next.Listeners)
			next.Listeners[0].TLS = next.TLS
			got, err := g.Reload(next)
			if want := (Reloaded{Changed: []string{"TLS"}, NeedRestart: []string{"Listeners[0].TLS"}}); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
			if err := g.dialRaw().conn.(*tls.Conn).Handshake(); err == nil {
				t.Error("a handshake by the old configuration")
			}
			<-asked
			w.send(withBody(gp.CmdSendToOne, 1, "still here"))
			if line, err := old.r.ReadString('\n'); err != nil || line != "still here\n" {
				t.Errorf("the client from before got %q, %v", line, err)
			}
		})
	}
}

// TestReloadedRegisters: new Registers get the address, and the connection to the
// one that stays is left alone.
func TestReloadedRegisters(t *testing.T) {
	var registers [3]net.Listener
	var addresses [3]string
	for i := range registers {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		registers[i], addresses[i] = ln, ln.Addr().String()
	}
	accept := func(i int) net.Conn {
		t.Helper()
		_ = registers[i].(*net.TCPListener).SetDeadline(time.Now().Add(patience))
		c, err := registers[i].Accept()
		if err != nil {
			t.Fatalf("Register %d: %v", i, err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 512)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	g := startGateway(t, Options{RegisterAddresses: addresses[:2]})
	leaves, stays := accept(0), accept(1)
	next := g.now()
	next.RegisterAddresses = addresses[1:]
	got, err := g.Reload(next)
	if want := []string{"RegisterAddresses"}; err != nil || !reflect.DeepEqual(got.Changed, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	accept(2)
	var ne net.Error
	if _, err := leaves.Read(make([]byte, 1)); err == nil || errors.As(err, &ne) && ne.Timeout() {
		t.Errorf("the Register that is not named any more: %v, want the end", err)
	}
	// It is still open: closing the gateway is what ends it.
	_ = stays.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := stays.Read(make([]byte, 1)); !errors.As(err, &ne) || !ne.Timeout() {
		t.Errorf("the Register that stays: %v", err)
	}
}

// TestReloadDuringTraffic: options change while clients come, talk and go.
func TestReloadDuringTraffic(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		done := make(chan struct{})
		var reloads sync.WaitGroup
		for i := range 2 {
			reloads.Go(func() {
				for n := i; ; n++ {
					select {
					case <-done:
						return
					default:
					}
					next := g.now()
					next.SendToClientBufferSize = 1<<20 + n
					next.PingInterval = time.Duration(n%3) * time.Millisecond
					next.PingData = fmt.Sprint("ping", n%2)
					next.HandshakeTimeout = time.Duration(n%2) * time.Hour
					if _, err := g.Reload(next); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range 50 {
			c := g.dialRaw()
			m := w.event(gp.CmdOnConnect)
			w.send(withBody(gp.CmdSendToOne, m.ConnectionID, "hello"))
			for {
				line, err := c.r.ReadString('\n')
				if err != nil {
					t.Fatal(err)
				}
				if line == "hello\n" {
					break
				}
			}
			_ = c.conn.Close()
			w.event(gp.CmdOnClose)
		}
		close(done)
		reloads.Wait()
	})
}

// TestEveryOptionHasARule: a field that is added to Options is either applied by
// Reload, or reported, or named as one that cannot be compared.
func TestEveryOptionHasARule(t *testing.T) {
	fields := reflect.TypeFor[Options]()
	for _, name := range slices.Concat(changeable, functions, incomparable) {
		if _, ok := fields.FieldByName(name); !ok {
			t.Errorf("Options has no field %s", name)
		}
	}
	for f := range fields.Fields() {
		if (f.Type.Kind() == reflect.Func || f.Type.Kind() == reflect.Interface || !f.IsExported()) &&
			!slices.Contains(functions, f.Name) && !slices.Contains(incomparable, f.Name) {
			t.Errorf("%s cannot be compared: put it into functions or incomparable", f.Name)
		}
	}
}
