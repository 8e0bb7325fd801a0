package gateway

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestInspect(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		if err := g.Ready(); err != errNoWorker {
			t.Errorf("ready without a worker: %v", err)
		}
		w := g.worker("w:0")
		if err := g.Ready(); err != nil {
			t.Errorf("not ready: %v", err)
		}
		const many = 2*inspected + 3
		for range many {
			g.dialRaw()
		}
		var ids []uint32
		for range many {
			ids = append(ids, w.event(gp.CmdOnConnect).ConnectionID)
		}
		slices.Sort(ids)
		first := ids[0]
		w.send(withExt(gp.CmdBindUID, first, "u"), withExt(gp.CmdJoinGroup, first, "b"), withExt(gp.CmdJoinGroup, first, "a"),
			withExt(gp.CmdSetSession, first, `a:1:{s:1:"k";i:1;}`))
		for _, id := range ids {
			w.send(withExt(gp.CmdJoinGroup, id, fmt.Sprint("g", id)))
		}
		w.barrier()

		var seen []uint32
		g.EachClient(func(c *ClientInfo) bool {
			seen = append(seen, c.ID.ConnectionID)
			want := ClientInfo{ID: c.ID, Remote: c.Remote, Worker: "127.0.0.1:w:0", Ready: c.Ready, Groups: []string{fmt.Sprint("g", c.ID.ConnectionID)}}
			if c.ID.ConnectionID == first {
				want.UID, want.Session = "u", []byte(`a:1:{s:1:"k";i:1;}`)
				want.Groups = []string{"b", "a", fmt.Sprint("g", first)}
			}
			if diff := cmp.Diff(want, *c, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" || !c.Remote.IsValid() {
				t.Errorf("client %d (-want +got):\n%s", c.ID.ConnectionID, diff)
			}
			one, ok := g.Client(c.ID.ConnectionID)
			if !ok || one.UID != c.UID || !slices.Equal(one.Groups, c.Groups) {
				t.Errorf("alone it is %+v, %v", one, ok)
			}
			return true
		})
		slices.Sort(seen)
		if !slices.Equal(seen, ids) {
			t.Errorf("clients %v, want %v", seen, ids)
		}
		if _, ok := g.Client(first + many); ok {
			t.Error("a client that is not there is found")
		}

		groups := map[string]int{}
		g.EachGroup(func(group GroupInfo) bool {
			groups[group.Name] = group.Clients
			return true
		})
		if len(groups) != many+2 || groups["a"] != 1 || groups["b"] != 1 {
			t.Errorf("%d groups: %v", len(groups), groups)
		}
		n := 0
		g.EachGroup(func(GroupInfo) bool { n++; return n < 3 })
		g.EachClient(func(*ClientInfo) bool { n++; return n < 6 })
		if n != 6 {
			t.Errorf("it goes on after false: %d", n)
		}

		workers := g.BusinessWorkers()
		if len(workers) != 1 || workers[0].Key != "127.0.0.1:w:0" || workers[0].Clients != many || workers[0].Since.IsZero() || !workers[0].Remote.IsValid() {
			t.Errorf("workers: %+v", workers)
		}
		if r := g.Registers(); r != nil {
			t.Errorf("registers: %v", r)
		}
		g.shutdown()
		if err := g.Ready(); err != errNotReadyState {
			t.Errorf("ready after Shutdown: %v", err)
		}
	})
}
