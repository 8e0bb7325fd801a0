package gatewayclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// TestOptions: what cannot be used is refused by New, with the option's name.
func TestOptions(t *testing.T) {
	for want, opts := range map[string]gatewayclient.Options{
		"RegisterAddresses":       {RegisterAddresses: []string{"127.0.0.1"}},
		"Gateways":                {Gateways: []string{"localhost:2900"}},
		"SecretKey":               {SecretKey: "\xff"},
		"ConnectTimeout":          {ConnectTimeout: -1},
		"QueryTimeout":            {QueryTimeout: -1},
		"SendTimeout":             {SendTimeout: -1},
		"IdleTimeout":             {IdleTimeout: -1},
		"SendToGatewayBufferSize": {SendToGatewayBufferSize: -1},
		"MaxReplySize":            {MaxReplySize: -1},
		"MaxConnections":          {MaxConnections: -1},
	} {
		_, err := gatewayclient.New(opts)
		var oe *gatewayclient.OptionError
		if !errors.As(err, &oe) || oe.Package != "gatewayclient" || oe.Option != want {
			t.Errorf("error %v, want one about %s", err, want)
		}
		if strings.Contains(fmt.Sprint(err), "\xff") {
			t.Errorf("the secret key is in %q", err)
		}
	}
}

// TestEmptyNames: an empty uid or group is refused wherever it stands, and
// nothing is sent.
func TestEmptyNames(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	ok(t, c.Sync(ctx))
	f.take()
	id := gatewayclient.ClientID{LocalIP: f.addr.IP, LocalPort: f.addr.Port, ConnectionID: 1}
	discard := func(_ any, err error) error { return err }
	for _, name := range []string{"", "0"} {
		several := []string{"good", name}
		for method, err := range map[string]error{
			"BindUID":               c.BindUID(ctx, id, name),
			"JoinGroup":             c.JoinGroup(ctx, id, name),
			"LeaveGroup":            c.LeaveGroup(ctx, id, name),
			"Ungroup":               c.Ungroup(ctx, name),
			"SendToUID":             c.SendToUID(ctx, name, nil),
			"SendToUIDs":            c.SendToUIDs(ctx, several, nil),
			"SendToGroup":           c.SendToGroup(ctx, name, nil),
			"SendToGroups":          c.SendToGroups(ctx, several, nil),
			"IsUIDOnline":           discard(c.IsUIDOnline(ctx, name)),
			"UIDsOnline":            discard(c.UIDsOnline(ctx, several)),
			"ClientIDsByUID":        discard(c.ClientIDsByUID(ctx, name)),
			"ClientIDsByUIDs":       discard(c.ClientIDsByUIDs(ctx, several)),
			"ClientIDsByGroup":      discard(c.ClientIDsByGroup(ctx, name)),
			"ClientIDsByGroups":     discard(c.ClientIDsByGroups(ctx, several)),
			"UIDsByGroup":           discard(c.UIDsByGroup(ctx, name)),
			"UIDsByGroups":          discard(c.UIDsByGroups(ctx, several)),
			"UIDCountByGroup":       discard(c.UIDCountByGroup(ctx, name)),
			"ClientCountByGroup":    discard(c.ClientCountByGroup(ctx, name)),
			"ClientCountsByGroups":  discard(c.ClientCountsByGroups(ctx, several)),
			"ClientSessionsByGroup": discard(c.ClientSessionsByGroup(ctx, name)),
			"Select by groups":      discard(c.Select(ctx, gatewayclient.Query{Groups: several})),
			"Select by uids":        discard(c.Select(ctx, gatewayclient.Query{UIDs: several})),
		} {
			if !errors.Is(err, gatewayclient.ErrEmptyName) {
				t.Errorf("%s with %q: %v, want ErrEmptyName", method, name, err)
			}
		}
	}
	ok(t, c.Sync(ctx))
	equal(t, "frames", len(f.take()), 1) // Sync's
}

// TestSelectNone: a list that is empty and not nil selects no client, and asks no
// gateway.
func TestSelectNone(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	for _, q := range []gatewayclient.Query{
		{Groups: []string{}}, {UIDs: []string{}}, {ClientIDs: []gatewayclient.ClientID{}},
		{Groups: []string{}, UIDs: []string{}, ClientIDs: []gatewayclient.ClientID{}},
	} {
		infos, err := c.Select(ctx, q)
		equal(t, "infos", len(infos), 0)
		ok(t, err)
		for range c.Clients(ctx, q) {
			t.Error("an element for no client")
		}
	}
	equal(t, "ids", len(must(c.ClientIDsByGroups(ctx, nil))(t)), 0)
	equal(t, "clients", len(must(c.SelectClients(ctx, nil))(t)), 0)
	equal(t, "frames", len(f.take()), 0)
	must(c.Select(ctx, gatewayclient.Query{Groups: []string{}, UIDs: []string{"u"}}))(t)
	frames := f.take()
	equal(t, "where", string(frames[0].ExtData), `{"fields":["session","uid","groups"],"where":{"uid":["u"]}}`)
}

// TestPHP: a Go value is sent as PHP's libraries send an array.
func TestPHP(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	id := gatewayclient.ClientID{LocalIP: f.addr.IP, LocalPort: f.addr.Port, ConnectionID: 1}
	news := gatewayclient.PHP(map[string]any{"type": "paid", "order": 7})
	ok(t, c.SendToAll(ctx, nil, news))
	ok(t, c.SendToClient(ctx, id, nil, news))
	ok(t, c.SendToUID(ctx, "u", nil, news))
	ok(t, c.SendToGroup(ctx, "g", nil, news))
	ok(t, c.CloseClient(ctx, id, nil, news))
	ok(t, c.Sync(ctx))
	frames := f.take()
	equal(t, "frames", len(frames), 6) // with Sync's
	for _, m := range frames[:5] {
		equal(t, m.Cmd.String()+" body", string(m.Body), `a:2:{s:5:"order";i:7;s:4:"type";s:4:"paid";}`)
		equal(t, m.Cmd.String()+" flag", m.Flag, gatewayprotocol.Flag(0))
	}
	if err := c.SendToAll(ctx, []byte("x"), news); err == nil || !strings.Contains(err.Error(), "both a message and PHP(v)") {
		t.Errorf("error %v", err)
	}
	var ee *gatewayclient.EncodeError
	err := c.CloseClient(ctx, id, nil, gatewayclient.PHP(make(chan int)))
	if !errors.As(err, &ee) || err.Error() != "gatewayclient: cannot encode chan int: PHP has nothing like it" {
		t.Errorf("error %v", err)
	}
	ok(t, c.Sync(ctx))
	equal(t, "frames of what failed", len(f.take()), 1) // Sync's
}

// TestClients: the iterator asks one gateway at a time, goes on after one that
// fails, and stops when the loop does.
func TestClients(t *testing.T) {
	answer := func(uid string) func(gatewayprotocol.Message) (string, bool) {
		return answerWith(fmt.Sprintf(`a:2:{i:1;a:1:{s:3:"uid";s:1:"%s";}i:2;a:1:{s:3:"uid";N;}}`, uid))
	}
	a, bad, b := newFakeGateway(t, answer("a")), newFakeGateway(t, answerWith("i:1;")), newFakeGateway(t, answer("b"))
	c := fakeCluster(t, gatewayclient.Options{}, a, bad, b)
	ctx := testContext(t)
	var got []string
	for info, err := range c.Clients(ctx, gatewayclient.Query{Fields: []gatewayclient.Field{gatewayclient.FieldUID}}) {
		if err != nil {
			equal(t, "failed", gatewayclient.FailedGateways(err), []gatewayclient.GatewayAddress{bad.addr})
			got = append(got, "error")
			continue
		}
		got = append(got, info.UID)
	}
	equal(t, "uids", got, []string{"a", "", "error", "b", ""})
	b.take()
	for range c.Clients(ctx, gatewayclient.Query{}) {
		break
	}
	equal(t, "questions to the last gateway after a break", len(b.take()), 0)
}

// TestGatewaysIsACopy: what a program does to the list is its own affair.
func TestGatewaysIsACopy(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	must(c.Gateways(ctx))(t)[0] = gatewayclient.GatewayAddress{}
	equal(t, "gateways", must(c.Gateways(ctx))(t), []gatewayclient.GatewayAddress{f.addr})
}

// TestDrain: everything sent before is executed, and then the Client is closed.
func TestDrain(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	for range 1000 {
		ok(t, c.SendToAll(ctx, make([]byte, 1000)))
	}
	ok(t, c.Drain(ctx))
	equal(t, "frames", len(f.take()), 1001) // with Sync's
	if err := c.SendToAll(ctx, nil); !errors.Is(err, gatewayclient.ErrClosed) {
		t.Errorf("after Drain: %v, want ErrClosed", err)
	}

	stuck := newFakeGateway(t, silent)
	c = fakeCluster(t, gatewayclient.Options{}, stuck)
	ok(t, c.SendToAll(ctx, nil))
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := c.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Drain of a gateway that does not answer: %v", err)
	}
	if err := c.SendToAll(ctx, nil); !errors.Is(err, gatewayclient.ErrClosed) {
		t.Errorf("after a Drain that was cut short: %v, want ErrClosed", err)
	}
	ok(t, fakeCluster(t, gatewayclient.Options{Gateways: []string{}}).Drain(ctx)) // nothing to lose
}

func TestStats(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	ok(t, c.SendToAll(ctx, nil))
	ok(t, c.Sync(ctx))
	equal(t, "stats", c.Stats(), gatewayclient.Stats{Gateways: 1, Connections: 1, Commands: 1, Questions: 1})
	ok(t, c.Close())
	testwait.Until(t, "no connection", func() bool { return c.Stats().Connections == 0 })
}

// TestCallbacks: the callbacks run for gateways that come and go; the Registers
// are reached through Options.Dial.
func TestCallbacks(t *testing.T) {
	cluster := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	changes := make(chan string, 10)
	var mu sync.Mutex
	dialed := map[string]bool{}
	var c *gatewayclient.Client
	started := make(chan struct{})
	c, err := gatewayclient.New(patient(gatewayclient.Options{
		RegisterAddresses: cluster.RegisterAddresses(),
		Logger:            clustertest.Quiet(),
		OnGatewayUp: func(a gatewayclient.GatewayAddress) {
			<-started
			ok(t, c.Sync(testContext(t))) // it may use the Client
			changes <- "up " + a.String()
		},
		OnGatewayDown: func(a gatewayclient.GatewayAddress) { changes <- "down " + a.String() },
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			dialed[address] = true
			mu.Unlock()
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}))
	ok(t, err)
	defer c.Close()
	close(started)
	expect := func(want string) {
		t.Helper()
		select {
		case got := <-changes:
			equal(t, "change", got, want)
		case <-time.After(patience):
			t.Fatalf("not told: %s", want)
		}
	}
	expect("up " + cluster.Gateways[0].InnerAddr)
	second := cluster.AddGateway(t, "websocket")
	expect("up " + second.InnerAddr)
	second.Kill()
	cluster.Registers[0].WaitFor(t, 1)
	ctx := testContext(t)
	testwait.Until(t, "it is gone", func() bool { // a call that fails ends the time that it is held
		_ = c.SendToAll(ctx, nil)
		return len(must(c.Gateways(ctx))(t)) == 1
	})
	expect("down " + second.InnerAddr)
	mu.Lock()
	defer mu.Unlock()
	if !dialed[cluster.Registers[0].Addr] || !dialed[cluster.Gateways[0].InnerAddr] {
		t.Errorf("Options.Dial was asked for %v only", dialed)
	}
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// await waits until something has been logged.
func (b *lockedBuffer) await(t testing.TB, text string) {
	t.Helper()
	testwait.Until(t, "the log has "+text, func() bool { return strings.Contains(b.String(), text) })
}

// TestRegisterErrors: a wrong key and a Register that is not there are different
// errors.
func TestRegisterErrors(t *testing.T) {
	cluster := clustertest.Start(t, clustertest.Go, clustertest.Options{SecretKey: "right"})
	var log lockedBuffer
	c, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: cluster.RegisterAddresses(), SecretKey: "wrong", ConnectTimeout: patience, QueryTimeout: time.Millisecond,
		Slog: slog.New(slog.NewTextHandler(&log, nil)),
	})
	ok(t, err)
	log.await(t, "check that the secret key is the same") // the call says what is known when its time is over
	_, err = c.AllClientIDs(testContext(t))
	var re *gatewayclient.RegisterError
	if !errors.Is(err, register.ErrSecretKey) || !errors.As(err, &re) || re.Servers[0].Addr != cluster.Registers[0].Addr {
		t.Errorf("error %v, want ErrSecretKey of the Register", err)
	}
	ok(t, c.Close())
	if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, "check that the secret key is the same") || !strings.Contains(text, "role=gatewayclient") {
		t.Errorf("log %q", text)
	}
}
