package gateway

import (
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
		g.until("both clients' messages are counted", func() bool {
			s := g.Stats()
			return s.MessagesFromClients == 4 && s.BytesFromClients == 20
		})
		w.send(withExt(gp.CmdBindUID, 1, "u"), withExt(gp.CmdBindUID, 2, "u"), withExt(gp.CmdJoinGroup, 1, "g"), withExt(gp.CmdJoinGroup, 1, "h"))
		w.send(withBody(gp.CmdSendToAll, 0, "four"), withBody(gp.CmdSendToOne, 2, ""))
		if got := string(b.read(6)); got != "four\n\n" {
			t.Errorf("client received %q", got)
		}
		want := Stats{
			Clients: 2, Workers: 2, UIDs: 1, Groups: 2,
			MessagesFromClients: 4, BytesFromClients: 20,
			MessagesToClients: 3, BytesToClients: 11,
			ClientConnects: 2,
			ClientCloses: map[CloseReason]uint64{
				ClosedByClient: 0, ClosedByCommand: 0, ClosedForBadData: 0, ClosedForCompression: 0, ClosedForSilence: 0,
				ClosedWithoutWorker: 0, ClosedInHandshake: 0, ClosedBeforeHandshake: 0, ClosedByShutdown: 0, ClosedByLimit: 0, ClosedByConnectHook: 0,
			},
			Commands: map[gp.Command]uint64{
				gp.CmdWorkerConnect: 2, gp.CmdIsOnline: 2, // see worker
				gp.CmdBindUID: 2, gp.CmdJoinGroup: 2, gp.CmdSendToAll: 1, gp.CmdSendToOne: 1,
			},
		}
		turns := cmpopts.IgnoreFields(Stats{}, "InnerTurns", "Limited", "ConnectHook") // have tests of their own
		var diff string
		defer func() {
			if t.Failed() {
				t.Logf("(-want +got):\n%s", diff)
			}
		}()
		// Each count by itself is told when the turn is over.
		g.until("what was sent is counted", func() bool {
			diff = cmp.Diff(want, g.Stats(), turns)
			return diff == ""
		})
	})
}

// TestStatsRefused: a frame without effect is counted twice, as executed and as
// refused.
func TestStatsRefused(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		w := g.worker("w:0")
		w.send(withBody(gp.Command(99), 0, ""), withBody(gp.Command(99), 0, ""))
		w.barrier()
		g.until("the frames are counted", func() bool { return g.Stats().Commands[gp.Command(99)] == 2 })
		g.until("and counted as refused", func() bool { return g.Stats().CommandsRefused == 2 })
	})
}

// TestStatsTurns: each turn of the inner loop is in the histogram once.
func TestStatsTurns(t *testing.T) {
	g := startGateway(t, Options{})
	w := g.worker("w:0")
	if g.Stats().InnerTurns.UpTo == nil {
		t.Fatal("the histogram has no bounds")
	}
	before := g.Stats().InnerTurns
	w.barrier()
	if runtime.GOOS != "linux" {
		t.Skip("without an inner loop there are no turns")
	}
	g.until("the turn is counted", func() bool { // first that it was, then how long it took
		now := g.Stats().InnerTurns
		return now.Count > before.Count && now.Sum > before.Sum
	})
	after := g.Stats().InnerTurns
	var inBuckets uint64
	for _, n := range after.Counts {
		inBuckets += n
	}
	if inBuckets > after.Count {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestTurnsBuckets(t *testing.T) {
	var h turns
	for _, d := range []time.Duration{0, 20 * time.Microsecond, 21 * time.Microsecond, time.Second, time.Hour} {
		h.add(d)
	}
	r := h.read()
	want := make([]uint64, len(turnBounds))
	want[0], want[1], want[len(want)-1] = 2, 1, 1
	if diff := cmp.Diff(want, r.Counts); diff != "" || r.Count != 5 || r.Sum != time.Hour+time.Second+41*time.Microsecond {
		t.Errorf("got %+v (-want +got):\n%s", r, diff)
	}
}
