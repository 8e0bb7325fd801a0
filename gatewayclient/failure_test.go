package gatewayclient_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// fakeCluster returns a client of some fake gateways.
func fakeCluster(t testing.TB, opts gatewayclient.Options, fakes ...*fakeGateway) *gatewayclient.Client {
	t.Helper()
	for _, f := range fakes {
		opts.Gateways = append(opts.Gateways, f.addr.String())
	}
	opts.Logger = clustertest.Quiet()
	c, err := gatewayclient.New(patient(opts))
	ok(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func silent(gatewayprotocol.Message) (string, bool) { return "", false }

func answerWith(payload string) func(gatewayprotocol.Message) (string, bool) {
	return func(gatewayprotocol.Message) (string, bool) { return payload, true }
}

// TestPartialResults: gateways that are dead, silent, or talk nonsense are named,
// and the others' answers are there.
func TestPartialResults(t *testing.T) {
	dead := newFakeGateway(t, silent)
	dead.close()
	synctest.Test(t, func(t *testing.T) { // only who is silent uses up QueryTimeout
		var pipes pipeNetwork
		good := pipes.gateway(t, answerWith("i:5;"))
		quiet := pipes.gateway(t, silent)
		nonsense := pipes.gateway(t, answerWith("a:1:{"))
		wrong := pipes.gateway(t, answerWith(`s:1:"5";`))
		c := fakeCluster(t, gatewayclient.Options{QueryTimeout: 100 * time.Millisecond, Dial: pipes.dial}, quiet, dead, good, nonsense, wrong)
		n, err := c.ClientCount(testContext(t))
		equal(t, "count", n, 5)
		equal(t, "failed", gatewayclient.FailedGateways(err),
			[]gatewayclient.GatewayAddress{quiet.addr, dead.addr, nonsense.addr, wrong.addr})
		var reply *gatewayclient.ReplyError
		if !errors.Is(err, gatewayclient.ErrNoReply) || !errors.As(err, &reply) || !errors.Is(err, gatewayclient.ErrUnreachable) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("error does not say what went wrong: %v", err)
		}
		for _, f := range []*fakeGateway{quiet, dead, nonsense, wrong} {
			if !strings.Contains(err.Error(), f.addr.String()) {
				t.Errorf("error does not name %s: %v", f.addr, err)
			}
		}
	})
}

// TestContextBoundsQuestions: the caller's context ends a question that is under
// way, and its late answer is not taken for the next question's.
func TestContextBoundsQuestions(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	first := true
	f := newFakeGateway(t, func(gatewayprotocol.Message) (string, bool) {
		if first {
			first = false
			close(asked)
			<-release
			return "i:1;", true
		}
		return "i:2;", true
	})
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx, cancel := context.WithCancel(testContext(t))
	// Only a question that has reached the gateway has an answer to come late.
	go func() {
		<-asked
		cancel()
	}()
	if _, err := c.ClientCount(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want the context's", err)
	}
	close(release)
	equal(t, "next count", must(c.ClientCount(testContext(t)))(t), 2)
}

// TestDeadlineBoundsQuestions: the caller's deadline holds where a gateway is silent.
func TestDeadlineBoundsQuestions(t *testing.T) {
	c := fakeCluster(t, gatewayclient.Options{}, newFakeGateway(t, silent))
	ctx, cancel := context.WithTimeout(testContext(t), 20*time.Millisecond)
	defer cancel()
	if _, err := c.ClientCount(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v, want the deadline's", err)
	}
}

// TestSilentGatewayIsReconnected: a gateway that lost a question gets a new
// connection, because answers could not be told apart any more.
func TestSilentGatewayIsReconnected(t *testing.T) {
	f := newFakeGateway(t, silent)
	c := fakeCluster(t, gatewayclient.Options{QueryTimeout: 50 * time.Millisecond}, f)
	if _, err := c.ClientCount(testContext(t)); !errors.Is(err, gatewayclient.ErrNoReply) {
		t.Fatalf("error %v, want ErrNoReply", err)
	}
	f.setAnswer(answerWith("i:3;"))
	testwait.Until(t, "a new connection", func() bool {
		n, err := c.ClientCount(testContext(t))
		return err == nil && n == 3 && f.connections() > 1
	})
}

// TestBrokenConnectionIsReplaced: neither commands nor questions fail because a
// connection was closed while it was idle.
func TestBrokenConnectionIsReplaced(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	for i := range 20 {
		ok(t, c.Sync(ctx))
		f.cut()
		if i%2 == 0 {
			ok(t, c.Sync(ctx))
		}
		f.settle(t, i%2^1)
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{IdleTimeout: 20 * time.Millisecond}, f)
	ok(t, c.Sync(testContext(t)))
	f.settle(t, 0)
	ok(t, c.Sync(testContext(t)))
	equal(t, "connections", f.connections() >= 3, true) // with settle's
}

// TestSendBufferFull: a gateway that does not read costs its own messages only,
// and the caller gets an error.
func TestSendBufferFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // only who does not read uses up SendTimeout
		var pipes pipeNetwork
		stuck := pipes.gateway(t, silent)
		stuck.deaf = true
		good := pipes.gateway(t, emptyAnswer)
		c := fakeCluster(t, gatewayclient.Options{
			SendToGatewayBufferSize: 64 << 10,
			SendTimeout:             20 * time.Millisecond,
			Dial:                    pipes.dial,
		}, stuck, good)
		ctx := testContext(t)
		msg := make([]byte, 256<<10)
		for sent := 1; ; sent++ {
			err := c.SendToAll(ctx, msg)
			if err == nil {
				if sent > 1000 {
					t.Fatal("no bound")
				}
				continue
			}
			if !errors.Is(err, gatewayclient.ErrSendBufferFull) {
				t.Fatalf("error %v, want ErrSendBufferFull", err)
			}
			equal(t, "failed", gatewayclient.FailedGateways(err), []gatewayclient.GatewayAddress{stuck.addr})
			synctest.Wait()
			equal(t, "the other gateway's messages", len(good.take()), sent)
			return
		}
	})
}

// TestPipelining: many questions at once share a connection, and each gets its
// own answer.
func TestPipelining(t *testing.T) {
	f := newFakeGateway(t, func(m gatewayprotocol.Message) (string, bool) {
		return fmt.Sprintf("i:%d;", len(m.ExtData)), true
	})
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			for range 20 {
				if n, err := c.ClientCountByGroup(ctx, strings.Repeat("g", i+1)); n != i+1 || err != nil {
					t.Errorf("asked for %d, got %d, %v", i+1, n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	equal(t, "connections", f.connections(), 1)
}

// TestLongAnswersTravelAlone: nothing is asked behind a question whose answer
// may be long; other connections are opened instead, up to the bound.
func TestLongAnswersTravelAlone(t *testing.T) {
	release := make(chan struct{})
	var once sync.Once
	open := func() { once.Do(func() { close(release) }) }
	defer open()
	f := newFakeGateway(t, func(m gatewayprotocol.Message) (string, bool) {
		if m.Cmd == gatewayprotocol.CmdGetAllClientSessions {
			<-release
			return "a:0:{}", true
		}
		return "i:1;", true
	})
	c := fakeCluster(t, gatewayclient.Options{MaxConnections: 3}, f)
	ctx := testContext(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, err := c.AllClientSessions(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	testwait.Until(t, "3 questions are under way", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.frames) == 3 && f.total == 3
	})
	open()
	wg.Wait()
	equal(t, "connections", f.connections(), 3)
}

// TestReplyLimit: the length in front of an answer is checked before memory is
// taken for it.
func TestReplyLimit(t *testing.T) {
	f := newFakeGateway(t, answerWith(strings.Repeat("x", 2000)))
	c := fakeCluster(t, gatewayclient.Options{MaxReplySize: 1000}, f)
	var tooLong *gatewayprotocol.ReplyLengthError
	if _, err := c.ClientCount(testContext(t)); !errors.As(err, &tooLong) {
		t.Errorf("error %v, want a ReplyLengthError", err)
	}
}

// TestUnknownGateway: a client id from outside does not make the client connect
// to where it points.
func TestUnknownGateway(t *testing.T) {
	known, other := newFakeGateway(t, emptyAnswer), newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, known)
	id := gatewayclient.ClientID{LocalIP: other.addr.IP, LocalPort: other.addr.Port, ConnectionID: 1}
	if err := c.SendToClient(testContext(t), id, nil); !errors.Is(err, gatewayclient.ErrUnknownGateway) {
		t.Errorf("error %v, want ErrUnknownGateway", err)
	}
	equal(t, "connections", other.connections(), 0)
}

func TestClosed(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ok(t, c.Sync(testContext(t)))
	ok(t, c.Close())
	if err := c.SendToAll(testContext(t), nil); !errors.Is(err, gatewayclient.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
	if _, err := c.AllClientIDs(testContext(t)); !errors.Is(err, gatewayclient.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
}

func TestNoRegister(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	addr := ln.Addr().String()
	ln.Close()
	var log lockedBuffer
	c, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: []string{addr}, ConnectTimeout: patience, QueryTimeout: time.Millisecond,
		Slog: slog.New(slog.NewTextHandler(&log, nil)),
	})
	ok(t, err)
	defer c.Close()
	log.await(t, "cannot connect") // the call says what is known when its time is over
	var re *gatewayclient.RegisterError
	if _, err := c.AllClientIDs(testContext(t)); !errors.As(err, &re) || !strings.Contains(err.Error(), addr) {
		t.Errorf("error %v, want a RegisterError that names %s", err, addr)
	}
}

// TestSyncTellsWhatMayBeLost: a connection that breaks takes commands with it,
// and the question that follows is answered over another one. Sync says so, once;
// what was confirmed before is no reason.
func TestSyncTellsWhatMayBeLost(t *testing.T) {
	f := newFakeGateway(t, emptyAnswer)
	c := fakeCluster(t, gatewayclient.Options{}, f)
	ctx := testContext(t)
	ok(t, c.SendToAll(ctx, []byte("confirmed")))
	ok(t, c.Sync(ctx))
	f.cut()
	ok(t, c.Sync(ctx))

	for range 3 {
		ok(t, c.SendToAll(ctx, []byte("unconfirmed")))
	}
	came := 0
	testwait.Until(t, "the commands have come", func() bool {
		for _, m := range f.take() {
			if string(m.Body) == "unconfirmed" {
				came++
			}
		}
		return came == 3
	})
	f.cut()
	err := c.Sync(ctx)
	var unconfirmed *gatewayclient.UnconfirmedError
	if !errors.As(err, &unconfirmed) {
		t.Fatalf("Sync after a connection broke: %v, want an UnconfirmedError", err)
	}
	equal(t, "gateway", unconfirmed.Gateway, f.addr)
	equal(t, "commands", unconfirmed.Commands, uint64(3))
	equal(t, "failed gateways", len(gatewayclient.FailedGateways(err)), 0)
	ok(t, c.Sync(ctx))
}
