package businessworker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// rounds is how often each part is killed; GATEWAYWORKER_ROUNDS sets it for long runs.
func rounds() int {
	if n, err := strconv.Atoi(os.Getenv("GATEWAYWORKER_ROUNDS")); err == nil {
		return n
	}
	return 2
}

var errStray = errors.New("an answer for another client")

// TestKillAndRestart kills the Register, a gateway and the workers in turn under
// traffic. No event is handled twice, commands reach the gateways that live, and
// everything works again after each round. Leaks are found when the package's
// tests have ended.
func TestKillAndRestart(t *testing.T) {
	clustertest.Each(t, clustertest.Options{Gateways: 2}, func(t *testing.T, c *clustertest.Cluster) {
		var handled sync.Map // message -> true
		var twice atomic.Int32
		h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
			if _, again := handled.LoadOrStore(e.ClientID().String()+" "+msg, true); again {
				twice.Add(1)
			}
			e.Session().Set("last", msg)
			return e.Send(ctx, []byte(msg))
		}}
		workers := []*running{
			start(t, c, h, businessworker.Options{Name: "a"}),
			start(t, c, h, businessworker.Options{Name: "b"}),
		}
		shaky := c.Gateways[1]
		var runs atomic.Int64 // of shaky: its ids begin anew with each, in PHP as here

		stop := make(chan struct{})
		var traffic sync.WaitGroup
		var rtts atomic.Int64
		for i := range 8 { // clients that come back whenever their connection ends
			g := c.Gateways[i%2]
			traffic.Go(func() {
				for n := 0; ; {
					u, err := g.TryDial("/")
					run := runs.Load()
					for err == nil {
						select {
						case <-stop:
							u.Close()
							return
						default:
						}
						n++
						msg := fmt.Sprintf("%d/%d/%d", run, i, n)
						if err = u.TrySend(msg); err == nil {
							var got string
							if got, err = u.TryReceiveFor(2 * time.Second); err == nil && got != msg && strings.Contains(got, "/") {
								var of int64
								if _, scanErr := fmt.Sscanf(got, "%d/", &of); g != shaky || scanErr != nil || of >= run {
									t.Errorf("sent %s, received %s", msg, got)
								}
								err = errStray // for a client of the run before with the same id
							}
						}
						if err == nil {
							rtts.Add(1)
						}
					}
					if u != nil {
						u.Close()
					}
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
					}
				}
			})
		}
		flows := func() {
			t.Helper()
			from := rtts.Load()
			testwait.Until(t, "traffic flows", func() bool { return rtts.Load() > from+50 })
		}

		for range rounds() {
			flows()
			c.Registers[0].Kill()
			flows() // without a Register
			c.Registers[0].Start(t)
			c.Registers[0].WaitFor(t, 2)

			shaky.Kill()
			flows()
			runs.Add(1)
			shaky.Start(t)
			c.Registers[0].WaitFor(t, 2)
			for _, w := range workers {
				w.waitConnected(t, 2)
			}

			for i, w := range workers {
				w.stop(t)
				flows() // by the other one
				workers[i] = start(t, c, h, businessworker.Options{Name: string(rune('a' + i))})
			}

			w := workers[0]
			ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
			testwait.Until(t, "a client can be bound", func() bool { // a client may leave meanwhile
				all, err := w.Gateway().AllClientIDs(ctx)
				if err != nil || len(all) == 0 {
					return false
				}
				if err := w.Gateway().BindUID(ctx, all[0], "u"); err != nil {
					t.Fatal(err)
				}
				ids, err := w.Gateway().ClientIDsByUID(ctx, "u")
				return err == nil && len(ids) > 0
			})
			cancel()
		}
		close(stop)
		traffic.Wait()
		if n := twice.Load(); n > 0 {
			t.Errorf("%d events were handled twice", n)
		}
		t.Logf("%d round trips", rtts.Load())
	})
}
