package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestExecute: the program's own commands and questions do what those of the
// inner port do.
func TestExecute(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.SecretKey = "only for connections"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		ws := g.dialWS()
		id := w.event(gp.CmdOnConnect).ConnectionID
		w.event(gp.CmdOnWebSocketConnect)

		execute := func(m gp.Message, want string) {
			t.Helper()
			reply, err := g.Execute(t.Context(), m)
			if err != nil || string(reply) != want || reply == nil != (want == "") {
				t.Errorf("%v: reply %q, error %v, want %q", m.Cmd, reply, err, want)
			}
		}
		execute(withExt(gp.CmdBindUID, id, "u"), "")
		execute(withExt(gp.CmdGetClientIDByUID, 0, "u"), fmt.Sprintf("a:1:{i:0;i:%d;}", id))
		execute(withBody(gp.CmdSendToOne, id, "hello"), "")
		wantText(t, ws, "hello")

		// What came by the inner port before is executed before, on Linux.
		w.send(withExt(gp.CmdJoinGroup, id, "g"))
		if opts.portable {
			w.barrier()
		}
		execute(withExt(gp.CmdGetClientCountByGroup, 0, "g"), "i:1;")

		refused := []gp.Message{
			withExt(gp.CmdBindUID, id, ""),
			{Cmd: gp.CmdOnMessage},
			withBody(gp.CmdWorkerConnect, 0, `{"worker_key":"w:0","secret_key":"only for connections"}`),
		}
		for _, m := range refused {
			if reply, err := g.Execute(t.Context(), m); err == nil || reply != nil {
				t.Errorf("%v: reply %q, error %v, want an error only", m.Cmd, reply, err)
			}
		}
		execute(withBody(gp.CmdKick, id, "bye"), "")
		wantText(t, ws, "bye")
		w.event(gp.CmdOnClose)
	})
}

// TestExecuteConcurrently: calls of many goroutines are executed, each once, and
// those that come while the gateway ends are executed or fail with
// ErrServerClosed.
func TestExecuteConcurrently(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		g := startGateway(t, opts)
		g.worker("w:0")
		var callers sync.WaitGroup
		first := make(chan struct{}, 8)
		for range 8 {
			callers.Go(func() {
				for n := 0; ; n++ {
					reply, err := g.Execute(context.Background(), gp.Message{Cmd: gp.CmdIsOnline})
					if errors.Is(err, ErrServerClosed) {
						return
					}
					if err != nil || string(reply) != "i:0;" {
						t.Errorf("reply %q, error %v", reply, err)
						return
					}
					if n == 0 {
						first <- struct{}{}
					}
				}
			})
		}
		for range 8 {
			<-first
		}
		g.shutdown()
		callers.Wait()
	})
}

func TestExecuteErrors(t *testing.T) {
	g, err := New(Options{Listen: "text://127.0.0.1:0", NoRegister: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Execute(t.Context(), gp.Message{Cmd: gp.CmdPing}); err != errNotServing {
		t.Errorf("before Serve: %v", err)
	}
	tg := startGateway(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tg.Execute(ctx, gp.Message{Cmd: gp.CmdPing}); err != context.Canceled {
		t.Errorf("with a context that has ended: %v", err)
	}
	_ = tg.Close()
	if _, err := tg.Execute(t.Context(), gp.Message{Cmd: gp.CmdPing}); err != ErrServerClosed {
		t.Errorf("after Close: %v", err)
	}
}

// TestExecuteTakenBack: a call whose context ends before the loop gets to it is
// not executed.
func TestExecuteTakenBack(t *testing.T) {
	started := make(chan *testGateway, 1) // the race detector does not see that the callback comes later
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	tg := startGateway(t, Options{OnBusinessWorkerConnected: func(BusinessWorker) {
		// The loop is here, and executes nothing meanwhile.
		tg := <-started
		go func() {
			_, err := tg.Execute(ctx, withExt(gp.CmdUngroup, 0, "0")) // would be refused
			result <- err
		}()
		cancel()
		result <- <-result
	}})
	started <- tg
	tg.worker("w:0")
	if err := <-result; err != context.Canceled {
		t.Errorf("error %v, want that of the context", err)
	}
}
