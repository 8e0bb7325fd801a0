package gatewayclient_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/google/go-cmp/cmp"
)

// A bench is a cluster with a worker and some clients at each gateway.
type bench struct {
	*clustertest.Cluster
	client  *gatewayclient.Client
	workers []*clustertest.Worker
	users   []*clustertest.Client // gateway by gateway
	ids     []gatewayclient.ClientID
}

func newClient(t testing.TB, c *clustertest.Cluster) *gatewayclient.Client {
	t.Helper()
	client, err := gatewayclient.New(patient(gatewayclient.Options{
		RegisterAddresses: c.RegisterAddresses(),
		SecretKey:         c.SecretKey,
		Logger:            clustertest.Quiet(),
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func newBench(t *testing.T, c *clustertest.Cluster, usersPerGateway int) *bench {
	t.Helper()
	b := &bench{Cluster: c, client: newClient(t, c)}
	for _, g := range c.Gateways {
		w := g.ConnectWorker(t, "test:0")
		b.workers = append(b.workers, w)
		for range usersPerGateway {
			u := g.Connect(t, w)
			b.users = append(b.users, u)
			b.ids = append(b.ids, u.ID)
		}
	}
	return b
}

// patience bounds every wait; nothing waits for it to pass.
const patience = 2 * time.Minute

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// patient returns options whose times do not run out on a machine that stands still
// for a while. Those that a test has set stay.
func patient(o gatewayclient.Options) gatewayclient.Options {
	for _, d := range []*time.Duration{&o.ConnectTimeout, &o.QueryTimeout, &o.SendTimeout} {
		if *d == 0 {
			*d = patience
		}
	}
	return o
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (b *bench) receive(t testing.TB, want map[int]string) {
	t.Helper()
	for i, u := range b.users {
		msg, in := want[i]
		if !in {
			continue
		}
		if got := u.Receive(t); got != msg {
			t.Errorf("client %d received %q, want %q", i, got, msg)
		}
	}
}

// fence makes sure that no client received anything else: it sends all clients
// one more message, which must be the next.
func (b *bench) fence(t testing.TB) {
	t.Helper()
	ok(t, b.client.SendToAll(testContext(t), []byte("fence")))
	for i, u := range b.users {
		if got := u.Receive(t); got != "fence" {
			t.Errorf("client %d received %q, which was not for it", i, got)
			u.Receive(t)
		}
	}
}

var twoGateways = clustertest.Options{Gateways: 2, SecretKey: `s3/é`}

func TestSend(t *testing.T) {
	clustertest.Each(t, twoGateways, func(t *testing.T, c *clustertest.Cluster) {
		b := newBench(t, c, 2)
		ctx, cl, ids := testContext(t), b.client, b.ids

		ok(t, cl.SendToAll(ctx, []byte("all")))
		b.receive(t, map[int]string{0: "all", 1: "all", 2: "all", 3: "all"})
		ok(t, cl.SendToAll(ctx, []byte("but 1"), gatewayclient.Exclude(ids[1])))
		b.receive(t, map[int]string{0: "but 1", 2: "but 1", 3: "but 1"})
		ok(t, cl.SendToClients(ctx, []gatewayclient.ClientID{ids[0], ids[3], ids[0], ids[2]}, []byte("some"), gatewayclient.Exclude(ids[2])))
		b.receive(t, map[int]string{0: "some", 3: "some"})
		ok(t, cl.SendToClient(ctx, ids[2], []byte("one")))
		b.receive(t, map[int]string{2: "one"})
		ok(t, cl.SendToClient(ctx, ids[2], []byte("\x81\x03raw"), gatewayclient.Raw()))
		b.receive(t, map[int]string{2: "raw"})
		ok(t, cl.SendToClient(ctx, ids[2], must(phpserialize.Marshal(phpserialize.ListOf(int64(1), "é")))(t), gatewayclient.Serialized()))
		b.receive(t, map[int]string{2: `[1,"é"]`})

		ok(t, cl.BindUID(ctx, ids[0], "u/1"))
		ok(t, cl.BindUID(ctx, ids[2], "u/1"))
		ok(t, cl.BindUID(ctx, ids[3], "7"))
		ok(t, cl.SendToUID(ctx, "u/1", []byte("uid")))
		b.receive(t, map[int]string{0: "uid", 2: "uid"})
		ok(t, cl.SendToUIDs(ctx, []string{"7", "u/1", "none"}, []byte("uids")))
		b.receive(t, map[int]string{0: "uids", 2: "uids", 3: "uids"})

		ok(t, cl.JoinGroup(ctx, ids[0], "room"))
		ok(t, cl.JoinGroup(ctx, ids[1], "room"))
		ok(t, cl.JoinGroup(ctx, ids[3], "ro/öm"))
		ok(t, cl.SendToGroup(ctx, "room", []byte("group")))
		b.receive(t, map[int]string{0: "group", 1: "group"})
		ok(t, cl.SendToGroup(ctx, "room", []byte("not 0"), gatewayclient.Exclude(ids[0], ids[3])))
		b.receive(t, map[int]string{1: "not 0"})
		ok(t, cl.SendToGroups(ctx, []string{"room", "ro/öm"}, []byte("groups")))
		b.receive(t, map[int]string{0: "groups", 1: "groups", 3: "groups"})
		ok(t, cl.Ungroup(ctx, "room"))
		ok(t, cl.SendToGroup(ctx, "room", []byte("to no member")))
		b.fence(t)

		ok(t, cl.CloseClient(ctx, ids[0], []byte("bye")))
		b.receive(t, map[int]string{0: "bye"})
		b.users[0].ExpectClosed(t)
		ok(t, cl.CloseClient(ctx, ids[1], nil))
		b.users[1].ExpectClosed(t)
		ok(t, cl.DestroyClient(ctx, ids[2]))
		b.users[2].ExpectClosed(t)
		equal(t, "count", must(cl.ClientCount(ctx))(t), 1)
	})
}

func TestLists(t *testing.T) {
	clustertest.Each(t, twoGateways, func(t *testing.T, c *clustertest.Cluster) {
		b := newBench(t, c, 3)
		ctx, cl, ids := testContext(t), b.client, b.ids
		type clientIDs = []gatewayclient.ClientID

		// 0 and 3 have neither uid nor group: PHP's getAllGroup… would stop there.
		for i, uid := range map[int]string{1: "u", 2: "7", 4: "u", 5: "007"} {
			ok(t, cl.BindUID(ctx, ids[i], uid))
		}
		for _, j := range []struct {
			i     int
			group string
		}{{2, "r"}, {1, "r"}, {1, "5"}, {4, "r"}, {5, "05"}} {
			ok(t, cl.JoinGroup(ctx, ids[j.i], j.group))
		}

		equal(t, "online", must(cl.IsOnline(ctx, ids[0]))(t), true)
		equal(t, "offline", must(cl.IsOnline(ctx, gatewayclient.ClientID{LocalIP: ids[0].LocalIP, LocalPort: ids[0].LocalPort, ConnectionID: 99}))(t), false)
		equal(t, "elsewhere", must(cl.IsOnline(ctx, gatewayclient.ClientID{LocalIP: 1, LocalPort: 1, ConnectionID: 1}))(t), false)
		equal(t, "uid online", must(cl.IsUIDOnline(ctx, "u"))(t), true)
		equal(t, "uids online", must(cl.UIDsOnline(ctx, []string{"x", "007", "7", "x"}))(t),
			[]gatewayclient.UIDOnline{{"x", false}, {"007", true}, {"7", true}})
		equal(t, "clients", must(cl.AllClientIDs(ctx))(t), ids)
		equal(t, "count", must(cl.ClientCount(ctx))(t), 6)
		equal(t, "clients of u", must(cl.ClientIDsByUID(ctx, "u"))(t), clientIDs{ids[1], ids[4]})
		equal(t, "clients of uids", must(cl.ClientIDsByUIDs(ctx, []string{"7", "no", "u"}))(t),
			[]gatewayclient.UIDClients{{"7", clientIDs{ids[2]}}, {"no", nil}, {"u", clientIDs{ids[1], ids[4]}}})
		equal(t, "uid of 5", must(cl.UIDByClientID(ctx, ids[5]))(t), "007")
		equal(t, "uid of 0", must(cl.UIDByClientID(ctx, ids[0]))(t), "")
		equal(t, "uids", must(cl.AllUIDs(ctx))(t), []string{"u", "7", "007"})
		equal(t, "uid count", must(cl.UIDCount(ctx))(t), 3)
		equal(t, "groups", must(cl.AllGroups(ctx))(t), []string{"r", "5", "05"})
		equal(t, "members", must(cl.ClientIDsByGroup(ctx, "r"))(t), clientIDs{ids[2], ids[1], ids[4]})
		equal(t, "member count", must(cl.ClientCountByGroup(ctx, "r"))(t), 3)
		equal(t, "member counts", must(cl.ClientCountsByGroups(ctx, []string{"5", "no", "r"}))(t),
			[]gatewayclient.GroupCount{{"5", 1}, {"no", 0}, {"r", 3}})
		equal(t, "uids of r", must(cl.UIDsByGroup(ctx, "r"))(t), []string{"7", "u"})
		equal(t, "uid count of r", must(cl.UIDCountByGroup(ctx, "r"))(t), 2)
		equal(t, "clients by group", must(cl.GroupClientIDs(ctx))(t),
			[]gatewayclient.GroupClients{{"r", clientIDs{ids[1], ids[2], ids[4]}}, {"5", clientIDs{ids[1]}}, {"05", clientIDs{ids[5]}}})
		equal(t, "client counts", must(cl.GroupClientCounts(ctx))(t),
			[]gatewayclient.GroupCount{{"r", 3}, {"5", 1}, {"05", 1}})
		equal(t, "uids by group", must(cl.GroupUIDs(ctx))(t),
			[]gatewayclient.GroupUIDs{{"r", []string{"u", "7"}}, {"5", []string{"u"}}, {"05", []string{"007"}}})
		equal(t, "uid counts", must(cl.GroupUIDCounts(ctx))(t),
			[]gatewayclient.GroupCount{{"r", 2}, {"5", 1}, {"05", 1}})
		equal(t, "select", must(cl.Select(ctx, gatewayclient.Query{
			Fields: []gatewayclient.Field{gatewayclient.FieldGroups, gatewayclient.FieldUID},
			Groups: []string{"5"}, ClientIDs: clientIDs{ids[5]},
		}))(t), []gatewayclient.ClientInfo{{ClientID: ids[1], UID: "u", Groups: []string{"r", "5"}}, {ClientID: ids[5], UID: "007", Groups: []string{"05"}}})

		ok(t, cl.UnbindUID(ctx, ids[5]))
		ok(t, cl.LeaveGroup(ctx, ids[5], "05"))
		equal(t, "uids", must(cl.AllUIDs(ctx))(t), []string{"u", "7"})
		equal(t, "groups", must(cl.AllGroups(ctx))(t), []string{"r", "5"})
	})
}

func TestSessions(t *testing.T) {
	clustertest.Each(t, twoGateways, func(t *testing.T, c *clustertest.Cluster) {
		b := newBench(t, c, 1)
		ctx, cl, ids := testContext(t), b.client, b.ids
		type user struct {
			Name string   `php:"name"`
			Age  int      `php:"age"`
			Tags []string `php:"tags,omitempty"`
		}

		equal(t, "no session", string(must(cl.Session(ctx, ids[0]))(t)), "a:0:{}")
		ok(t, cl.SetSession(ctx, ids[0], user{Name: "Zoë", Age: 33}))
		equal(t, "session", string(must(cl.Session(ctx, ids[0]))(t)), `a:2:{s:4:"name";s:4:"Zoë";s:3:"age";i:33;}`)
		ok(t, cl.UpdateSession(ctx, ids[0], map[string]any{"age": "34", "tags": []string{"a"}}))
		var u user
		ok(t, must(cl.Session(ctx, ids[0]))(t).Decode(&u))
		equal(t, "decoded", u, user{"Zoë", 34, []string{"a"}})
		equal(t, "as a map", must(must(cl.Session(ctx, ids[0]))(t).Map())(t),
			map[string]any{"name": "Zoë", "age": "34", "tags": []any{"a"}})

		ok(t, cl.JoinGroup(ctx, ids[1], "g"))
		ok(t, cl.SetSession(ctx, ids[1], gatewayclient.SessionData(`a:1:{i:0;O:3:"Foo":1:{s:6:"`+"\x00*\x00bar"+`";d:0.1;}}`)))
		all := must(cl.AllClientSessions(ctx))(t)
		equal(t, "sessions", len(all), 2)
		equal(t, "sessions' order", []gatewayclient.ClientID{all[0].ClientID, all[1].ClientID}, ids)
		equal(t, "by group", must(cl.ClientSessionsByGroup(ctx, "g"))(t), all[1:])
		infos := must(cl.SelectClients(ctx, ids))(t)
		equal(t, "selected", []gatewayclient.SessionData{infos[0].Session, infos[1].Session}, []gatewayclient.SessionData{all[0].Session, all[1].Session})

		gone := ids[0]
		gone.ConnectionID = 77
		if _, err := cl.Session(ctx, gone); !errors.Is(err, gatewayclient.ErrClientOffline) {
			t.Errorf("session of no client: %v, want ErrClientOffline", err)
		}
	})
}

// TestReadYourWrites is about questions that follow commands at once, while
// long answers keep the main connections busy.
func TestReadYourWrites(t *testing.T) {
	const rounds = 300
	clustertest.Each(t, twoGateways, func(t *testing.T, c *clustertest.Cluster) {
		b := newBench(t, c, 1)
		ctx, cl, id := testContext(t), b.client, b.ids[0]
		ok(t, cl.SetSession(ctx, b.ids[1], map[string]any{"pad": string(make([]byte, 256<<10))}))
		noise, stop := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for noise.Err() == nil {
				_, _ = cl.AllClientSessions(noise)
			}
		}()
		for i := range rounds {
			uid := fmt.Sprintf("u%d", i%7)
			ok(t, cl.BindUID(ctx, id, uid))
			if ids := must(cl.ClientIDsByUID(ctx, uid))(t); len(ids) != 1 {
				t.Fatalf("round %d: bound, but %v", i, ids)
			}
			ok(t, cl.JoinGroup(ctx, id, "g"))
			if n := must(cl.ClientCountByGroup(ctx, "g"))(t); n != 1 {
				t.Fatalf("round %d: joined, but %d members", i, n)
			}
			ok(t, cl.LeaveGroup(ctx, id, "g"))
			if n := must(cl.ClientCountByGroup(ctx, "g"))(t); n != 0 {
				t.Fatalf("round %d: left, but %d members", i, n)
			}
		}
		stop()
		<-done
	})
}

func TestGatewayDies(t *testing.T) {
	clustertest.Each(t, twoGateways, func(t *testing.T, c *clustertest.Cluster) {
		b := newBench(t, c, 1)
		ctx, cl := testContext(t), b.client
		equal(t, "count", must(cl.ClientCount(ctx))(t), 2)
		dead := c.Gateways[0]
		dead.Kill()
		// Whether the gateway's connection ends first or the Register's list
		// changes first: the answers of the living gateway are there.
		for {
			n, err := cl.ClientCount(ctx)
			if n != 1 {
				t.Fatalf("count %d, want that of the other gateway (%v)", n, err)
			}
			if err == nil {
				break
			}
			equal(t, "failed", gatewayclient.FailedGateways(err), []gatewayclient.GatewayAddress{dead.Address()})
		}
		ok(t, cl.SendToAll(ctx, []byte("still here")))
		equal(t, "message", b.users[1].Receive(t), "still here")
		if err := cl.SendToClient(ctx, b.ids[0], []byte("x")); !errors.Is(err, gatewayclient.ErrUnknownGateway) {
			t.Errorf("sending to a client of a dead gateway: %v", err)
		}
		dead.Start(t)
		c.Registers[0].WaitFor(t, 2)
		for {
			addrs, err := cl.Gateways(ctx)
			ok(t, err)
			if len(addrs) == 2 {
				break
			}
		}
		equal(t, "count again", must(cl.ClientCount(ctx))(t), 1)
	})
}

func TestRegisterRestart(t *testing.T) {
	clustertest.Each(t, clustertest.Options{Registers: 2, Gateways: 2}, func(t *testing.T, c *clustertest.Cluster) {
		ctx, cl := testContext(t), newClient(t, c)
		gatewayclient.HoldFor(cl, time.Hour) // however long gateways need to announce themselves again
		equal(t, "gateways", len(must(cl.Gateways(ctx))(t)), 2)
		stop := make(chan struct{})
		fewer := make(chan string, 1)
		go func() {
			defer close(fewer)
			for {
				select {
				case <-stop:
					return
				default:
				}
				if addrs, err := cl.Gateways(ctx); len(addrs) != 2 {
					fewer <- fmt.Sprint(addrs, err)
					return
				}
			}
		}()
		for _, r := range c.Registers {
			r.Kill()
		}
		ok(t, cl.Sync(ctx))
		for _, r := range c.Registers {
			r.Start(t)
			r.WaitFor(t, 2)
		}
		ok(t, cl.Sync(ctx))
		close(stop)
		if s, bad := <-fewer; bad {
			t.Errorf("the list shrank: %s", s)
		}
	})
}

func TestWrongKey(t *testing.T) {
	clustertest.Each(t, clustertest.Options{SecretKey: "right"}, func(t *testing.T, c *clustertest.Cluster) {
		cl, err := gatewayclient.New(patient(gatewayclient.Options{Gateways: []string{c.Gateways[0].InnerAddr}, SecretKey: "wrong", Logger: clustertest.Quiet()}))
		ok(t, err)
		defer cl.Close()
		_, err = cl.ClientCount(testContext(t))
		equal(t, "failed", gatewayclient.FailedGateways(err), []gatewayclient.GatewayAddress{c.Gateways[0].Address()})
	})
}
