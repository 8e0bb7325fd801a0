package businessworker_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// everyType is a session with every kind of value that PHP can serialize, with
// an object of a class that is not declared and references between elements.
const everyType = "a:13:{s:3:\"int\";i:-5;s:5:\"float\";d:0.1;s:3:\"big\";d:1.0E+25;s:3:\"inf\";d:INF;s:4:\"true\";b:1;s:4:\"null\";N;" +
	"s:5:\"bytes\";s:4:\"\x00\xffé\";s:4:\"list\";a:2:{i:0;s:1:\"a\";i:1;a:1:{s:1:\"k\";i:1;}}i:7;s:5:\"seven\";" +
	"s:6:\"object\";O:3:\"Foo\":3:{s:3:\"pub\";i:1;s:6:\"\x00*\x00pro\";s:1:\"x\";s:8:\"\x00Foo\x00pri\";a:0:{}}s:4:\"same\";r:14;s:3:\"ref\";a:2:{i:0;i:1;i:1;R:20;}s:0:\"\";s:5:\"empty\";}"

// TestSessionsSharedWithPHP: a session that a PHP worker set is read, changed and
// handed back by a Go worker, and what it did not touch is what it was.
func TestSessionsSharedWithPHP(t *testing.T) {
	for _, peer := range []clustertest.Peer{clustertest.Go, clustertest.PHP} { // the gateway's
		t.Run(string(peer), func(t *testing.T) {
			clustertest.NeedPHP(t)
			c := clustertest.Start(t, peer, clustertest.Options{SecretKey: "k"})
			startPHP := func() func() {
				return clustertest.StartPHPWorker(t, "REGISTER_ADDRESS="+c.Registers[0].Addr, "SECRET_KEY=k", "EVENTS=connect")
			}
			killPHP := startPHP()
			u := dialGreeted(t, c.Gateways[0], "connect ")
			u.Send(t, setSession(t, everyType))
			// The order of one client's messages makes sure that it is set.
			u.Send(t, op(t, map[string]any{"op": "session-get", "id": 1}))
			before := sessionOf(t, u.Receive(t))
			if !strings.Contains(before, `O:3:"Foo":3:`) {
				t.Fatalf("PHP did not take the session: %q", before)
			}

			h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
				if msg == "touch" {
					if e.Session().Int("int") != -5 {
						t.Errorf("the session does not come with the event: %v", e.Session().Array())
					}
					if err := e.Session().Set("go", "was here"); err != nil {
						return err
					}
				}
				return e.Send(ctx, []byte("go "+msg))
			}}
			goWorker := start(t, c, h, businessworker.Options{Name: "go"})
			testwait.Until(t, "the gateway knows the Go worker", func() bool {
				other, err := c.Gateways[0].TryDial("/")
				if err != nil {
					return false
				}
				defer other.Close()
				other.TrySend("hello")
				msg, err := other.TryReceive()
				return err == nil && msg == "go hello"
			})
			killPHP()
			waitForGo(t, u, "touch")

			// Back to PHP.
			startPHP()
			dialGreeted(t, c.Gateways[0], "connect ")
			goWorker.stop(t)
			u.Send(t, op(t, map[string]any{"op": "session-get", "id": 2}))
			answer := u.Receive(t)
			for answer == "go touch" {
				answer = u.Receive(t)
			}
			after := sessionOf(t, answer)
			v := must(phpserialize.Unmarshal([]byte(after)))(t).(*phpserialize.Array)
			if got, _ := v.GetString("go"); got != "was here" {
				t.Errorf("PHP does not see what Go set: %q", after)
			}
			v.Delete(phpserialize.StringKey("go"))
			if text := string(must(phpserialize.Marshal(v))(t)); text != before {
				t.Errorf("what Go did not touch has changed:\n%q\n%q", before, text)
			}
		})
	}
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

func op(t testing.TB, request map[string]any) string {
	t.Helper()
	return string(must(json.Marshal(request))(t))
}

// setSession is the message that has the fixture's worker set a session.
func setSession(t testing.TB, session string) string {
	t.Helper()
	request := phpserialize.NewArray()
	request.SetString("op", "session-set")
	request.SetString("value", must(phpserialize.Unmarshal([]byte(session)))(t))
	return string(must(phpserialize.Marshal(request))(t))
}

// dialGreeted connects clients until one is greeted by the worker that does so.
func dialGreeted(t testing.TB, g *clustertest.Gateway, greeting string) *clustertest.Client {
	t.Helper()
	var c *clustertest.Client
	testwait.Until(t, "a worker greets", func() bool {
		var err error
		if c, err = g.TryDial("/"); err != nil {
			return false
		}
		c.TrySend(`{"op":"session-get"}`) // answered or echoed by any worker
		if msg, err := c.TryReceive(); err == nil && strings.HasPrefix(msg, greeting) {
			c.TryReceive()
			return true
		}
		c.Close()
		return false
	})
	t.Cleanup(c.Close)
	return c
}

// waitForGo sends a message until the Go worker answers: some may go to a worker
// that is dead without the gateway knowing.
func waitForGo(t testing.TB, u *clustertest.Client, msg string) {
	t.Helper()
	answered := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for {
			u.TrySend(msg)
			select {
			case <-again.C:
			case <-answered:
				return
			}
		}
	}()
	got := u.Receive(t)
	close(answered)
	<-done
	if got != "go "+msg {
		t.Fatalf("received %q", got)
	}
}

// sessionOf returns the serialized session from an answer of the PHP worker.
func sessionOf(t testing.TB, answer string) string {
	t.Helper()
	_, data, _ := strings.Cut(answer, " ")
	v, _ := must(phpserialize.Unmarshal([]byte(data)))(t).(*phpserialize.Array)
	session, _ := v.Get(phpserialize.IntKey(0))
	return string(must(phpserialize.Marshal(session))(t))
}
