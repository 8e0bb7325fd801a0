package businessworker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
	logtest "github.com/sirupsen/logrus/hooks/test"
)

func TestEvents(t *testing.T) {
	clustertest.Each(t, clustertest.Options{Gateways: 2, SecretKey: "k"}, func(t *testing.T, c *clustertest.Cluster) {
		var mu sync.Mutex
		log := map[businessworker.ClientID][]string{}
		say := func(e *businessworker.Event, format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			log[e.ClientID()] = append(log[e.ClientID()], fmt.Sprintf(format, args...))
		}
		started, stopped := make(chan struct{}), make(chan struct{})
		gone := make(chan businessworker.ClientID, 8)
		h := &events{
			start: func(context.Context, *businessworker.Worker) error { close(started); return nil },
			stop: func(ctx context.Context, w *businessworker.Worker) error {
				defer close(stopped)
				_, err := w.Gateway().ClientCount(ctx)
				return err
			},
			connect: func(_ context.Context, e *businessworker.Event) error { say(e, "connect"); return nil },
			websocket: func(ctx context.Context, e *businessworker.Event, hs *businessworker.Handshake) error {
				say(e, "websocket %s %s %s %s", hs.Query.Get("a"), hs.Server.RequestMethod, hs.Server.RequestURI, hs.Server.Header.Get("Upgrade"))
				return e.Send(ctx, []byte("hello "+e.ClientID().String()))
			},
			message: func(ctx context.Context, e *businessworker.Event, msg string) error {
				say(e, "message %s", msg)
				if msg == "kick" {
					return e.Close(ctx, []byte("bye"))
				}
				return e.Send(ctx, []byte("echo "+msg))
			},
			closed: func(_ context.Context, e *businessworker.Event) error {
				say(e, "close")
				gone <- e.ClientID()
				return nil
			},
		}
		w := start(t, c, h, businessworker.Options{Name: "Test", ID: 3})
		<-started
		want := map[businessworker.ClientID][]string{}
		for _, g := range c.Gateways {
			u := dial(t, g, "/p?a=1%2B1")
			id, err := gatewayclient.ParseClientID(strings.TrimPrefix(u.Receive(t), "hello "))
			if err != nil {
				t.Fatal(err)
			}
			for i := range 50 {
				u.Send(t, fmt.Sprint(i))
			}
			u.Send(t, "kick")
			want[id] = []string{"connect", "websocket 1+1 GET /p?a=1%2B1 websocket"}
			for i := range 50 {
				receive(t, u, fmt.Sprintf("echo %d", i))
				want[id] = append(want[id], fmt.Sprintf("message %d", i))
			}
			receive(t, u, "bye")
			u.ExpectClosed(t)
			if got := <-gone; got != id {
				t.Errorf("closed %v, want %v", got, id)
			}
			want[id] = append(want[id], "message kick", "close")
		}
		w.stop(t)
		select {
		case <-stopped:
		default:
			t.Error("OnStop was not called")
		}
		// A client that met a gateway before the worker did is another one.
		for id := range log {
			if want[id] == nil {
				delete(log, id)
			}
		}
		if diff := cmp.Diff(want, log); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestSession(t *testing.T) {
	clustertest.Each(t, clustertest.Options{}, func(t *testing.T, c *clustertest.Cluster) {
		type profile struct {
			Name  string `php:"name"`
			Count int    `php:"count"`
		}
		h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
			s := e.Session()
			switch cmd, arg, _ := strings.Cut(msg, " "); cmd {
			case "name":
				return s.Set("name", arg)
			case "count":
				var p profile
				if err := s.Decode(&p); err != nil {
					return err
				}
				p.Count++
				return s.Encode(p)
			case "elsewhere":
				return e.Gateway().UpdateSession(ctx, e.ClientID(), map[string]any{"name": arg})
			case "unset":
				s.Clear()
				return nil
			case "show":
				raw, err := gatewayclient.EncodeSession(s.Array())
				if err != nil {
					return err
				}
				return e.Send(ctx, raw)
			}
			return nil
		}}
		start(t, c, h, businessworker.Options{})
		u := dial(t, c.Gateways[0], "/")
		// All at once: each event must see what those before it wrote, though the
		// gateway had sent it before that arrived.
		for _, msg := range []string{"show", "name Zoë", "count", "count", "show", "elsewhere Ann", "show", "count", "show", "unset", "show"} {
			u.Send(t, msg)
		}
		receive(t, u, "a:0:{}",
			`a:2:{s:4:"name";s:4:"Zoë";s:5:"count";i:2;}`,
			`a:2:{s:4:"name";s:3:"Ann";s:5:"count";i:2;}`,
			`a:2:{s:4:"name";s:3:"Ann";s:5:"count";i:3;}`,
			"a:0:{}")
	})
}

var padding = make([]byte, 100_000)

func TestReadYourWritesInHandler(t *testing.T) {
	clustertest.Each(t, clustertest.Options{SecretKey: "x"}, func(t *testing.T, c *clustertest.Cluster) {
		h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
			for i := range 100 {
				// Something that keeps the gateway's end of the connection busy.
				for range 10 {
					if err := e.Gateway().SendToGroup(ctx, "empty", padding); err != nil {
						return err
					}
				}
				if err := e.JoinGroup(ctx, "g"); err != nil {
					return err
				}
				if n, err := e.Gateway().ClientCountByGroup(ctx, "g"); n != 1 || err != nil {
					return e.Send(ctx, fmt.Appendf(nil, "round %d: joined, %d members, %v", i, n, err))
				}
				if err := e.LeaveGroup(ctx, "g"); err != nil {
					return err
				}
				if n, err := e.Gateway().ClientCountByGroup(ctx, "g"); n != 0 || err != nil {
					return e.Send(ctx, fmt.Appendf(nil, "round %d: left, %d members, %v", i, n, err))
				}
			}
			return e.Send(ctx, []byte("ok"))
		}}
		start(t, c, h, businessworker.Options{})
		u := dial(t, c.Gateways[0], "/")
		u.Send(t, "go")
		receive(t, u, "ok")
	})
}

func TestPanicIsContained(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	logger, hook := logtest.NewNullLogger()
	h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
		switch msg {
		case "panic":
			panic("oh no")
		case "error":
			return errors.New("not today")
		}
		return e.Send(ctx, []byte(e.ClientID().String()))
	}}
	w := start(t, c, h, businessworker.Options{Logger: logger})
	u := dial(t, c.Gateways[0], "/")
	for _, msg := range []string{"panic", "error", "id"} {
		u.Send(t, msg)
	}
	id := u.Receive(t)
	find := func(text string) *logrus.Entry {
		for _, e := range hook.AllEntries() {
			if strings.Contains(e.Message, text) || strings.Contains(fmt.Sprint(e.Data["error"]), text) {
				return e
			}
		}
		t.Fatalf("nothing about %q in the log", text)
		return nil
	}
	for _, text := range []string{"oh no", "not today"} {
		if got := find(text).Data["client_id"]; got != id {
			t.Errorf("%q is logged with client_id %v, want %s", text, got, id)
		}
	}
	if s := w.Stats(); s.Panics != 1 || s.Errors != 1 {
		t.Errorf("stats %+v", s)
	}
}

// TestConcurrency: a client whose handler blocks does not hold up others, up to
// the bound.
func TestConcurrency(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	release := make(chan struct{})
	var running, most int
	var mu sync.Mutex
	h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		<-release
		mu.Lock()
		running--
		mu.Unlock()
		return e.Send(ctx, []byte(msg))
	}}
	w := start(t, c, h, businessworker.Options{Concurrency: 7})
	var users []*clustertest.Client
	for range 20 {
		u := dial(t, c.Gateways[0], "/")
		u.Send(t, "1")
		u.Send(t, "2")
		users = append(users, u)
	}
	testwait.Until(t, "7 handlers run", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return running == 7 && w.Stats().Busy == 7 // a goroutine is busy shortly before its handler runs
	})
	close(release)
	for _, u := range users {
		receive(t, u, "1", "2")
	}
	if most != 7 {
		t.Errorf("%d handlers ran at once, want 7", most)
	}
}

// TestGracefulStop: events that the gateway has sent are handled, their answers
// arrive, and what comes later goes to another worker.
func TestGracefulStop(t *testing.T) {
	clustertest.Each(t, clustertest.Options{}, func(t *testing.T, c *clustertest.Cluster) {
		hold := make(chan struct{})
		answer := func(name string) *events {
			return &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
				if name == "first" {
					<-hold
				}
				e.Session().Set("last", msg)
				return e.Send(ctx, []byte(name+" "+msg))
			}}
		}
		first := start(t, c, answer("first"), businessworker.Options{Name: "first"})
		u := dial(t, c.Gateways[0], "/")
		for i := range 20 {
			u.Send(t, fmt.Sprint(i))
		}
		testwait.Until(t, "events arrive", func() bool { return first.Stats().Waiting == 20 })
		second := start(t, c, answer("second"), businessworker.Options{Name: "second"})
		first.cancel()
		testwait.Until(t, "the gateway takes note", func() bool { return first.Stats().Gateways == 0 })
		u.Send(t, "later")
		receive(t, u, "second later")
		close(hold)
		for i := range 20 {
			receive(t, u, fmt.Sprintf("first %d", i))
		}
		first.stop(t)
		second.stop(t)
	})
}

// TestStopRunsOutOfTime: handlers' contexts end, and OnStop is called though a
// handler does not return; it has time, and can still ask.
func TestStopRunsOutOfTime(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	release := make(chan struct{})
	defer close(release)
	stopped := make(chan error, 1)
	h := &events{
		message: func(ctx context.Context, e *businessworker.Event, msg string) error {
			<-ctx.Done()
			<-release
			return ctx.Err()
		},
		stop: func(ctx context.Context, w *businessworker.Worker) error {
			_, err := w.Gateway().AllClientIDs(ctx)
			stopped <- err
			return nil
		},
	}
	w := start(t, c, h, businessworker.Options{ShutdownTimeout: 50 * time.Millisecond})
	businessworker.SetFarewell(w.Worker, patience) // it is not about how long that is
	u := dial(t, c.Gateways[0], "/")
	u.Send(t, "1")
	u.Send(t, "2")
	testwait.Until(t, "events arrive", func() bool { return w.Stats().Waiting == 2 })
	w.cancel()
	var stop *businessworker.StopError
	if err := <-w.done; !errors.As(err, &stop) || stop.Events != 2 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Run: %v, want a StopError for 2 events", err)
	}
	select {
	case err := <-stopped:
		if err != nil {
			t.Errorf("a question in OnStop: %v", err)
		}
	default:
		t.Error("OnStop was not called")
	}
}

func TestOnStartFails(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	sorry := errors.New("no database")
	w, err := businessworker.New(&events{start: func(ctx context.Context, w *businessworker.Worker) error {
		if _, err := w.Gateway().ClientCount(ctx); err != nil {
			t.Errorf("in OnStart: %v", err)
		}
		return sorry
	}}, patient(businessworker.Options{RegisterAddresses: c.RegisterAddresses(), Logger: clustertest.Quiet()}))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Run(context.Background()); !errors.Is(err, sorry) {
		t.Errorf("Run: %v, want %v", err, sorry)
	}
}
