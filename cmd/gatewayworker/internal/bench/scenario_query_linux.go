package bench

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// question is one kind of query: ask returns one about client c, for its
// gateway, and what the answer must begin with.
type question struct {
	name string
	ask  func(c *client) (cmd gp.Command, connectionID uint32, ext, answer string)
}

// query asks the gateways, one question at a time, while clients that have a
// uid, a group and a session are connected and silent.
func (b *bench) query() error {
	if err := b.connectAll(true); err != nil {
		return err
	}
	if err := b.dress("uid, group and session", 1, true); err != nil {
		return err
	}
	held := make([]int, len(b.control)) // clients by gateway
	members := make(map[groupOn]int)    // and by group of each
	asked := make([]*client, 0, len(b.clients))
	for _, c := range b.clients {
		if c.state == clientOpen && c.connectionID != 0 {
			held[c.inner]++
			members[b.groupOn(c)]++
			asked = append(asked, c)
		}
	}
	if len(asked) == 0 {
		return fmt.Errorf("bench: no client is left to ask about")
	}
	list := func(n int) string { return "a:" + strconv.Itoa(n) + ":{" }
	for _, q := range []question{
		{"is a client online", func(c *client) (gp.Command, uint32, string, string) {
			return gp.CmdIsOnline, c.connectionID, "", "i:1;"
		}},
		{"clients of a uid", func(c *client) (gp.Command, uint32, string, string) {
			return gp.CmdGetClientIDByUID, 0, uidOf(c.index), list(1)
		}},
		{"count of a group", func(c *client) (gp.Command, uint32, string, string) {
			return gp.CmdGetClientCountByGroup, 0, groupName(0, b.groupOn(c).group), fmt.Sprintf("i:%d;", members[b.groupOn(c)])
		}},
		{"sessions of a group", func(c *client) (gp.Command, uint32, string, string) {
			return gp.CmdGetClientSessionsByGroup, 0, groupName(0, b.groupOn(c).group), list(members[b.groupOn(c)])
		}},
		{"count of all", func(c *client) (gp.Command, uint32, string, string) {
			return gp.CmdGetClientCountByGroup, 0, "", fmt.Sprintf("i:%d;", held[c.inner])
		}},
		{"sessions of all", func(c *client) (gp.Command, uint32, string, string) {
			return gp.CmdGetAllClientSessions, 0, "", list(held[c.inner])
		}},
	} {
		if err := b.askFor(q, asked); err != nil {
			return err
		}
	}
	return nil
}

// groupOn is a group as one gateway knows it.
type groupOn struct{ gateway, group int }

func (b *bench) groupOn(c *client) groupOn { return groupOn{c.inner, c.index / b.plan.GroupSize} }

// askFor asks one question after another for the plan's duration.
func (b *bench) askFor(q question, about []*client) error {
	m, err := b.begin(q.name, "query")
	if err != nil {
		return err
	}
	var hist Histogram
	var asked, right int64
	order := rand.New(rand.NewPCG(1, 2))
	until := b.loop.clock() + int64(b.plan.Duration)
	b.progress = func() (int64, int64) { return right, 0 }
	for done := false; !done; {
		c := about[order.IntN(len(about))]
		cmd, id, ext, answer := q.ask(c)
		at, answered := b.loop.clock(), false
		asked++
		b.control[c.inner].query(cmd, id, ext, func(p []byte) {
			answered = true
			hist.Record(b.loop.clock() - at)
			if strings.HasPrefix(string(p[:min(len(p), len(answer))]), answer) {
				right++
			}
		})
		if err := b.pump(func() bool { return answered }); err != nil {
			return err
		}
		done = b.stalled || b.loop.now >= until
	}
	m.count(right, asked)
	m.p.Latency = hist.Latency()
	return m.end()
}
