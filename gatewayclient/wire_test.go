package gatewayclient_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "record testdata/wire.txt from the PHP library")

// A wireCase is one call, in PHP and in Go.
type wireCase struct {
	method string
	args   []any
	call   func(ctx context.Context, c *gatewayclient.Client) error
}

func wireCases(a, b gatewayclient.GatewayAddress) []wireCase {
	id := func(g gatewayclient.GatewayAddress, n uint32) gatewayclient.ClientID {
		return gatewayclient.ClientID{LocalIP: g.IP, LocalPort: g.Port, ConnectionID: n}
	}
	a1, a2, a0, b7 := id(a, 1), id(a, 2), id(a, 0), id(b, 7)
	type ids = []gatewayclient.ClientID
	type c = gatewayclient.Client

	do := func(f func(ctx context.Context, c *c) error) func(context.Context, *c) error { return f }
	ask := func(f func(ctx context.Context, c *c) (any, error)) func(context.Context, *c) error {
		return func(ctx context.Context, c *gatewayclient.Client) error { _, err := f(ctx, c); return err }
	}
	texts := func(list ids) []string {
		var out []string
		for _, id := range list {
			out = append(out, id.String())
		}
		return out
	}
	list := func(v ...any) []any { return v }
	text := "héllo \"/"
	msg := []byte(text)
	session := phpserialize.NewArray()
	session.SetString("a", int64(1))
	session.SetString("5", "x")
	phpSession := map[string]any{"a": 1, "5": "x"} // encoding/json sorts: "5" first
	reversed := phpserialize.NewArray()
	reversed.SetString("5", "x")
	reversed.SetString("a", int64(1))
	arr, _ := phpserialize.Marshal(phpserialize.ListOf(int64(1), "é"))

	return []wireCase{
		{"sendToAll", list(text), do(func(ctx context.Context, c *c) error { return c.SendToAll(ctx, msg) })},
		{"sendToAll", list(""), do(func(ctx context.Context, c *c) error { return c.SendToAll(ctx, nil) })},
		{"sendToAll", list(list(1, "é")), do(func(ctx context.Context, c *c) error { return c.SendToAll(ctx, arr, gatewayclient.Serialized()) })},
		{"sendToAll", list(text, nil, nil, true), do(func(ctx context.Context, c *c) error { return c.SendToAll(ctx, msg, gatewayclient.Raw()) })},
		{"sendToAll", list(text, nil, texts(ids{a2, a1, b7})), do(func(ctx context.Context, c *c) error { return c.SendToAll(ctx, msg, gatewayclient.Exclude(a2, a1, b7)) })},
		{"sendToAll", list(text, nil, a2.String()), do(func(ctx context.Context, c *c) error { return c.SendToAll(ctx, msg, gatewayclient.Exclude(a2)) })},
		{"sendToAll", list(text, texts(ids{b7, a2, a1, a2})), do(func(ctx context.Context, c *c) error { return c.SendToClients(ctx, ids{b7, a2, a1, a2}, msg) })},
		{"sendToAll", list(text, texts(ids{a0, a1})), do(func(ctx context.Context, c *c) error { return c.SendToClients(ctx, ids{a0, a1}, msg) })},
		{"sendToAll", list(text, texts(ids{b7, a2, a1}), texts(ids{a2}), true), do(func(ctx context.Context, c *c) error {
			return c.SendToClients(ctx, ids{b7, a2, a1}, msg, gatewayclient.Exclude(a2), gatewayclient.Raw())
		})},
		{"sendToClient", list(a1.String(), text), do(func(ctx context.Context, c *c) error { return c.SendToClient(ctx, a1, msg) })},
		{"sendToUid", list("u/é", text), do(func(ctx context.Context, c *c) error { return c.SendToUID(ctx, "u/é", msg) })},
		{"sendToUid", list([]string{"a", "5", "a"}, text), do(func(ctx context.Context, c *c) error { return c.SendToUIDs(ctx, []string{"a", "5", "a"}, msg) })},
		{"sendToGroup", list("g/é", text), do(func(ctx context.Context, c *c) error { return c.SendToGroup(ctx, "g/é", msg) })},
		{"sendToGroup", list([]string{"a", "5"}, text, nil, true), do(func(ctx context.Context, c *c) error {
			return c.SendToGroups(ctx, []string{"a", "5"}, msg, gatewayclient.Raw())
		})},
		{"sendToGroup", list("g", text, texts(ids{a2, a1})), do(func(ctx context.Context, c *c) error {
			return c.SendToGroup(ctx, "g", msg, gatewayclient.Exclude(a2, a1))
		})},
		{"closeClient", list(a1.String()), do(func(ctx context.Context, c *c) error { return c.CloseClient(ctx, a1, nil) })},
		{"closeClient", list(a1.String(), ""), do(func(ctx context.Context, c *c) error { return c.CloseClient(ctx, a1, []byte{}) })},
		{"closeClient", list(a1.String(), text), do(func(ctx context.Context, c *c) error { return c.CloseClient(ctx, a1, msg) })},
		{"closeClient", list(a1.String(), list(1, "é")), do(func(ctx context.Context, c *c) error {
			return c.CloseClient(ctx, a1, arr, gatewayclient.Serialized())
		})},
		{"destoryClient", list(a1.String()), do(func(ctx context.Context, c *c) error { return c.DestroyClient(ctx, a1) })},
		{"bindUid", list(a1.String(), "u/é"), do(func(ctx context.Context, c *c) error { return c.BindUID(ctx, a1, "u/é") })},
		{"unbindUid", list(a1.String(), ""), do(func(ctx context.Context, c *c) error { return c.UnbindUID(ctx, a1) })},
		{"joinGroup", list(a1.String(), "g"), do(func(ctx context.Context, c *c) error { return c.JoinGroup(ctx, a1, "g") })},
		{"leaveGroup", list(a1.String(), "g"), do(func(ctx context.Context, c *c) error { return c.LeaveGroup(ctx, a1, "g") })},
		{"ungroup", list("g"), do(func(ctx context.Context, c *c) error { return c.Ungroup(ctx, "g") })},
		{"setSession", list(a1.String(), phpSession), do(func(ctx context.Context, c *c) error { return c.SetSession(ctx, a1, reversed) })},
		{"setSession", list(a1.String(), []any{}), do(func(ctx context.Context, c *c) error { return c.SetSession(ctx, a1, nil) })},
		{"updateSession", list(a1.String(), phpSession), do(func(ctx context.Context, c *c) error { return c.UpdateSession(ctx, a1, reversed) })},
		{"getSession", list(a1.String()), ask(func(ctx context.Context, c *c) (any, error) { c.Session(ctx, a1); return nil, nil })},
		{"isOnline", list(a1.String()), ask(func(ctx context.Context, c *c) (any, error) { return c.IsOnline(ctx, a1) })},
		{"isUidOnline", list("u"), ask(func(ctx context.Context, c *c) (any, error) { return c.IsUIDOnline(ctx, "u") })},
		{"isUidsOnline", list([]string{"u", "5"}), ask(func(ctx context.Context, c *c) (any, error) { return c.UIDsOnline(ctx, []string{"u", "5"}) })},
		{"getAllClientSessions", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.AllClientSessions(ctx) })},
		{"getClientSessionsByGroup", list("g"), ask(func(ctx context.Context, c *c) (any, error) { return c.ClientSessionsByGroup(ctx, "g") })},
		{"getAllClientIdCount", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.ClientCount(ctx) })},
		{"getClientIdCountByGroup", list("g"), ask(func(ctx context.Context, c *c) (any, error) { return c.ClientCountByGroup(ctx, "g") })},
		{"batchGetClientIdCountByGroup", list([]string{"g", "5"}), ask(func(ctx context.Context, c *c) (any, error) {
			return c.ClientCountsByGroups(ctx, []string{"g", "5"})
		})},
		{"getClientIdListByGroup", list("g"), ask(func(ctx context.Context, c *c) (any, error) { return c.ClientIDsByGroup(ctx, "g") })},
		{"getAllClientIdList", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.AllClientIDs(ctx) })},
		{"getClientIdByUid", list("u"), ask(func(ctx context.Context, c *c) (any, error) { return c.ClientIDsByUID(ctx, "u") })},
		{"batchGetClientIdByUid", list([]string{"u", "5"}), ask(func(ctx context.Context, c *c) (any, error) { return c.ClientIDsByUIDs(ctx, []string{"u", "5"}) })},
		{"getUidListByGroup", list("g"), ask(func(ctx context.Context, c *c) (any, error) { return c.UIDsByGroup(ctx, "g") })},
		{"getUidCountByGroup", list("g"), ask(func(ctx context.Context, c *c) (any, error) { return c.UIDCountByGroup(ctx, "g") })},
		{"getAllUidList", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.AllUIDs(ctx) })},
		{"getAllUidCount", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.UIDCount(ctx) })},
		{"getUidByClientId", list(a1.String()), ask(func(ctx context.Context, c *c) (any, error) { c.UIDByClientID(ctx, a1); return nil, nil })},
		{"getAllGroupIdList", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.AllGroups(ctx) })},
		{"getAllGroupUidCount", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.GroupUIDCounts(ctx) })},
		{"getAllGroupUidList", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.GroupUIDs(ctx) })},
		{"getAllGroupClientIdList", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.GroupClientIDs(ctx) })},
		{"getAllGroupClientIdCount", list(), ask(func(ctx context.Context, c *c) (any, error) { return c.GroupClientCounts(ctx) })},
	}
}

// TestWire compares the frames of every call with those of the PHP library:
// as recorded, and live where PHP is present.
func TestWire(t *testing.T) {
	if *update {
		clustertest.NeedPHP(t)
	}
	a, b := newFakeGateway(t, emptyAnswer), newFakeGateway(t, emptyAnswer)
	fakes := []*fakeGateway{a, b}
	client, err := gatewayclient.New(patient(gatewayclient.Options{
		Gateways: []string{a.addr.String(), b.addr.String()}, SecretKey: "k/é", Logger: clustertest.Quiet(),
		IdleTimeout: time.Hour, // its connections stay while PHP is compared
	}))
	ok(t, err)
	defer client.Close()
	cases := wireCases(a.addr, b.addr)
	ctx := testContext(t)
	ok(t, client.Sync(ctx))
	frames := func(c wireCase) string {
		var out strings.Builder
		args, _ := json.Marshal(c.args)
		out.WriteString(c.method + " " + normalise(string(args), fakes) + "\n")
		for i, f := range fakes {
			for _, m := range f.take() {
				switch {
				case m.Cmd == gatewayprotocol.CmdGatewayClientConnect: // once per connection here, in front of each frame in PHP
					if string(m.Body) != `{"secret_key":"k\/\u00e9"}` || m.Flag != 1 || len(m.ExtData) != 0 {
						t.Errorf("authentication %s", render(m))
					}
				case m.Cmd == gatewayprotocol.CmdIsOnline && m.ConnectionID == 0: // Sync
				default:
					out.WriteString("\t" + string(rune('a'+i)) + " " + render(m) + "\n")
				}
			}
		}
		return out.String()
	}
	var got strings.Builder
	for _, c := range cases {
		ok(t, c.call(ctx, client))
		ok(t, client.Sync(ctx))
		got.WriteString(frames(c))
	}
	const golden = "testdata/wire.txt"
	if *update {
		ok(t, os.WriteFile(golden, []byte(phpFrames(t, fakes, cases, frames)), 0o644))
	}
	want, err := os.ReadFile(golden)
	ok(t, err)
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("frames (-PHP as recorded +Go):\n%s", diff)
	}
	t.Run("live", func(t *testing.T) {
		clustertest.NeedPHP(t)
		if diff := cmp.Diff(phpFrames(t, fakes, cases, frames), got.String()); diff != "" {
			t.Errorf("frames (-PHP +Go):\n%s", diff)
		}
	})
}

// normalise replaces client ids, which contain ports.
func normalise(s string, fakes []*fakeGateway) string {
	for i, f := range fakes {
		prefix := gatewayprotocol.ClientID{LocalIP: f.addr.IP, LocalPort: f.addr.Port}.String()[:12]
		s = strings.ReplaceAll(s, prefix, "gateway_"+string(rune('a'+i))+"_")
	}
	return s
}

// phpFrames makes the same calls with the PHP library.
func phpFrames(t *testing.T, fakes []*fakeGateway, cases []wireCase, frames func(wireCase) string) string {
	t.Helper()
	server := must(register.NewServer(register.Options{SecretKey: "k/é", Logger: clustertest.Quiet()}))(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	served := make(chan struct{})
	go func() { defer close(served); server.Serve(ln) }()
	defer func() { server.Close(); <-served }()
	for i, f := range fakes {
		nc, err := net.Dial("tcp", ln.Addr().String())
		ok(t, err)
		defer nc.Close()
		nc.Write(gatewayprotocol.AppendGatewayConnect(nil, f.addr.String(), "k/é"))
		testwait.Until(t, "the Register takes the gateways", func() bool { return len(server.Addresses()) == i+1 })
	}
	php := clustertest.StartPHPCalls(t, "REGISTER_ADDRESS="+ln.Addr().String(), "SECRET_KEY=k/é")
	answers := bufio.NewReader(php)
	for _, f := range fakes {
		f.take()
	}
	var out strings.Builder
	for _, c := range cases {
		line, err := json.Marshal(map[string]any{"method": c.method, "args": c.args})
		ok(t, err)
		_, err = php.Write(append(line, '\n'))
		ok(t, err)
		_, err = answers.ReadString('\n')
		ok(t, err)
		for _, f := range fakes { // PHP is done when its connections are closed and read
			f.settle(t, 1) // the Go client's stays
		}
		out.WriteString(frames(c))
	}
	return out.String()
}
