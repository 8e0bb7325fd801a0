package businessworker_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/handovertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// tryPassOn has a new worker with h take over what r does, as another process
// would. r is the new one then. standing, which may be nil, is called when the
// worker is being asked to stand still.
func (r *running) tryPassOn(t testing.TB, c *clustertest.Cluster, h businessworker.Handler, limit time.Duration, wrong func(*handover.Taker) error) error {
	t.Helper()
	next, err := businessworker.New(h, patient(businessworker.Options{
		Name: "next", RegisterAddresses: c.RegisterAddresses(), SecretKey: c.SecretKey, Logger: clustertest.Quiet(),
	}))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var still *businessworker.Standstill
	err = handovertest.Pass(t, func() (err error) {
		still, err = r.StandStill(ctx)
		return err
	}, wrong, handovertest.Part{
		Name: "worker",
		Give: func(to *handover.Giver) error { return still.HandOver(to) },
		Take: next.TakeOver,
	})
	if err != nil {
		if still != nil {
			still.GoOn()
		}
		_ = next.Close()
		return err
	}
	still.Leave()
	if err := <-r.done; !errors.Is(err, businessworker.ErrLeft) {
		t.Errorf("Run returned %v", err)
	}
	runCtx, stop := context.WithCancel(context.Background())
	r.Worker, r.cancel = next, stop
	go func() { r.done <- next.Run(runCtx) }()
	t.Cleanup(func() { stop(); next.Close() })
	return nil
}

func (r *running) passOn(t testing.TB, c *clustertest.Cluster, h businessworker.Handler) {
	t.Helper()
	if err := r.tryPassOn(t, c, h, patience, nil); err != nil {
		t.Fatal(err)
	}
}

// TestHandoverUnderLoad hands a worker over again and again while its clients talk:
// each answer comes once and in order, sessions go on, and neither the gateways nor
// the clients see a worker go or come.
func TestHandoverUnderLoad(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{Gateways: 2, SecretKey: "k"})
	var mu sync.Mutex
	gone := 0
	h := &events{
		message: func(ctx context.Context, e *businessworker.Event, msg string) error {
			n, err := e.Gateway().ClientCount(ctx) // a question behind the commands of all
			if err != nil {
				return err
			}
			count := e.Session().Int("count") + 1
			e.Session().Set("count", count)
			return e.Send(ctx, []byte(fmt.Sprintf("%s, %d of yours, %d clients", msg, count, n)))
		},
		closed: func(context.Context, *businessworker.Event) error {
			mu.Lock()
			defer mu.Unlock()
			gone++
			return nil
		},
	}
	w := start(t, c, h, businessworker.Options{Name: "first"})
	const clients, messages, times = 6, 100, 10
	var all []*clustertest.Client
	for i := range clients {
		all = append(all, dial(t, c.Gateways[i%2], "/"))
	}
	var talk sync.WaitGroup
	for _, u := range all {
		talk.Go(func() {
			for i := range messages {
				if err := errors.Join(u.TrySend(fmt.Sprint(2*i)), u.TrySend(fmt.Sprint(2*i+1))); err != nil {
					t.Error(err)
					return
				}
				for j := 2 * i; j < 2*i+2; j++ {
					got, err := u.TryReceive()
					if want := fmt.Sprintf("%d, %d of yours, %d clients", j, j+1, clients); got != want {
						t.Errorf("got %q, %v, want %q", got, err, want)
						return
					}
				}
			}
		})
	}
	for range times {
		w.passOn(t, c, h)
	}
	talk.Wait()
	const want = clients * (2 + 2*messages)
	testwait.Until(t, "all events are handled", func() bool { return w.Stats().Events >= want })
	if s := w.Stats(); s.Events != want || s.Errors != 0 || s.Clients != clients || s.Gateways != 2 {
		t.Errorf("%+v, want %d events", s, want)
	}
	if gone != 0 {
		t.Errorf("%d clients were gone", gone)
	}
	w.stop(t)
}

// TestHandoverOfEvents: a handler that runs is waited for; the events behind it
// pass, and OnStart returns before they are handled.
func TestHandoverOfEvents(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	release := make(chan struct{})
	entered := make(chan struct{}, 1)
	slow := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
		if msg == "slow" {
			entered <- struct{}{}
			<-release
		}
		return e.Send(ctx, []byte("first "+msg))
	}}
	w := start(t, c, slow, businessworker.Options{Name: "first", Concurrency: 1})
	a, b := dial(t, c.Gateways[0], "/"), dial(t, c.Gateways[0], "/")
	testwait.Until(t, "the events of both clients' coming are handled", func() bool { return w.Stats().Events == 4 })
	a.Send(t, "slow")
	<-entered
	for i := range 40 { // more than share memory
		a.Send(t, fmt.Sprint(i))
	}
	b.Send(t, "b")
	testwait.Until(t, "the events are queued", func() bool { return w.Stats().Waiting == 42 })
	if err := w.tryPassOn(t, c, slow, 10*time.Millisecond, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a worker with a handler that does not return is handed over: %v", err)
	}
	started := false
	next := &events{
		start: func(context.Context, *businessworker.Worker) error {
			started = true
			return nil
		},
		message: func(ctx context.Context, e *businessworker.Event, msg string) error {
			if !started {
				return errors.New("handled before OnStart")
			}
			return e.Send(ctx, []byte("next "+msg))
		},
	}
	first := w.Worker
	go func() {
		// The worker is asked to stand still: of what is queued nothing is handled.
		for !businessworker.Pausing(first) {
			time.Sleep(time.Millisecond)
		}
		close(release)
	}()
	w.passOn(t, c, next)
	receive(t, a, "first slow")
	for i := range 40 {
		receive(t, a, fmt.Sprint("next ", i))
	}
	receive(t, b, "next b")
}

// TestHandoverFails: after a failure the worker goes on as if nothing had happened.
func TestHandoverFails(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
		return e.Send(ctx, []byte(msg))
	}}
	w := start(t, c, h, businessworker.Options{})
	u := dial(t, c.Gateways[0], "/")
	for i, wrong := range []func(*handover.Taker) error{
		func(*handover.Taker) error { return errors.New("the end") },
		func(tk *handover.Taker) error {
			tk.Refuse("no")
			return errors.New("refused")
		},
	} {
		if err := w.tryPassOn(t, c, h, patience, wrong); err == nil {
			t.Fatal("the worker was handed over")
		}
		u.Send(t, fmt.Sprint(i))
		receive(t, u, fmt.Sprint(i))
	}
	w.passOn(t, c, h)
	u.Send(t, "hello")
	receive(t, u, "hello")
	w.stop(t)
	if _, err := w.StandStill(t.Context()); !errors.Is(err, businessworker.ErrWorkerClosed) {
		t.Errorf("a worker that has stopped stands still: %v", err)
	}
}
