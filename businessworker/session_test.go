package businessworker_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// TestSessionThatIsNoArray: PHP's worker ends; here the handler gets an error, and the
// worker goes on.
func TestSessionThatIsNoArray(t *testing.T) {
	errs := make(chan error, 1)
	s := script(t, businessworker.MessageFunc(func(_ context.Context, e *businessworker.Event, _ []byte) error {
		errs <- e.Session().Err()
		return nil
	}), businessworker.Options{})
	for i, tt := range []struct {
		session string
		bad     bool
	}{{`i:5;`, true}, {`a:1:{s:1:"k";i:1;}`, false}, {`garbage`, true}, {``, false}} {
		s.conn.Write(gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{
			Cmd: gatewayprotocol.CmdOnMessage, Flag: gatewayprotocol.FlagBodyIsScalar,
			LocalIP: s.addr.IP, LocalPort: s.addr.Port, ConnectionID: uint32(i + 1), ExtData: []byte(tt.session),
		}))
		select {
		case err := <-errs:
			if (err != nil) != tt.bad {
				t.Errorf("session %q: error %v", tt.session, err)
			}
		case <-time.After(patience):
			t.Fatalf("session %q: no event", tt.session)
		}
	}
}

// TestAllSessionsInHandler: sessions are asked for as the gateways have them. PHP
// puts what the handler has made of the current client's among them.
func TestAllSessionsInHandler(t *testing.T) {
	clustertest.Each(t, clustertest.Options{}, func(t *testing.T, c *clustertest.Cluster) {
		h := &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
			if err := e.Session().Set("name", msg); err != nil {
				return err
			}
			all, err := e.Gateway().AllClientSessions(ctx)
			if err != nil {
				return err
			}
			stored := "the client is not there"
			for _, s := range all {
				if s.ClientID == e.ClientID() {
					stored = string(s.Session)
				}
			}
			return e.Send(ctx, []byte(stored))
		}}
		start(t, c, h, businessworker.Options{})
		u := dial(t, c.Gateways[0], "/")
		u.Send(t, "one")
		receive(t, u, "")
		u.Send(t, "two")
		receive(t, u, `a:1:{s:4:"name";s:3:"one";}`)
	})
}

// TestSessionUpdateOfItself: PHP throws "Recursion detected"; here Update fails
// and the session is what it was.
func TestSessionUpdateOfItself(t *testing.T) {
	const loop = `a:1:{s:1:"a";a:1:{s:1:"a";R:2;}}`
	errs := make(chan error, 1)
	s := script(t, businessworker.MessageFunc(func(_ context.Context, e *businessworker.Event, _ []byte) error {
		errs <- e.Session().Update(must(phpserialize.Unmarshal([]byte(loop)))(t))
		return nil
	}), businessworker.Options{})
	s.conn.Write(gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{
		Cmd: gatewayprotocol.CmdOnMessage, Flag: gatewayprotocol.FlagBodyIsScalar,
		LocalIP: s.addr.IP, LocalPort: s.addr.Port, ConnectionID: 1, ExtData: []byte(loop),
	}))
	select {
	case err := <-errs:
		if err == nil {
			t.Error("no error")
		}
	case <-time.After(patience):
		t.Fatal("no event")
	}
}
