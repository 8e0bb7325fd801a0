package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestStats(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		g.worker("w:1")
		a, b := g.dialRaw(), g.dialRaw()
		for _, c := range []*peer{a, b} {
			if _, err := c.conn.Write([]byte("12345\n123\n")); err != nil {
				t.Fatal(err)
			}
		}
		g.until("both clients' messages are counted", func() bool { return g.Stats().MessagesFromClients == 4 })
		w.send(withExt(gp.CmdBindUID, 1, "u"), withExt(gp.CmdBindUID, 2, "u"), withExt(gp.CmdJoinGroup, 1, "g"), withExt(gp.CmdJoinGroup, 1, "h"))
		w.send(withBody(gp.CmdSendToAll, 0, "four"), withBody(gp.CmdSendToOne, 2, ""))
		if got := string(b.read(6)); got != "four\n\n" {
			t.Errorf("client received %q", got)
		}
		want := Stats{
			Clients: 2, Workers: 2, UIDs: 1, Groups: 2,
			MessagesFromClients: 4, BytesFromClients: 20,
			MessagesToClients: 3, BytesToClients: 11,
		}
		g.until("what was sent is counted", func() bool { return g.Stats().MessagesToClients == 3 })
		if diff := cmp.Diff(want, g.Stats()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
