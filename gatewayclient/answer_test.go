package gatewayclient

import (
	"context"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
)

// An oracle is a Transport of one gateway that answers every question the same.
type oracle struct {
	innerclient.Transport // the other methods are not called
	payload               []byte
}

func (o *oracle) Gateways(context.Context) ([]GatewayAddress, error) {
	return []GatewayAddress{{IP: 0x7f000001, Port: 2900}}, nil
}

func (o *oracle) Query(context.Context, GatewayAddress, gatewayprotocol.Message) ([]byte, error) {
	return o.payload, nil
}

// FuzzAnswers gives any answer to every question: it is read, or refused with an
// error that names the gateway.
func FuzzAnswers(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, payload := range []string{
		"i:1;", "N;", "b:1;", "a:0:{}", `a:2:{i:1;i:5;i:2;i:7;}`, `a:1:{i:5;s:6:"a:0:{}";}`, `a:1:{s:4:"room";i:3;}`,
		`a:1:{i:5;a:3:{s:7:"session";s:6:"a:0:{}";s:3:"uid";i:7;s:6:"groups";a:1:{s:1:"g";s:1:"g";}}}`,
		`a:1:{s:1:"u";a:1:{i:0;i:5;}}`, `a:1:{i:-1;i:4294967296;}`, `a:1:{i:5;R:1;}`, `O:3:"Foo":0:{}`,
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		c := &Client{transport: &oracle{payload: payload}}
		ctx := t.Context()
		id := ClientID{LocalIP: 0x7f000001, LocalPort: 2900, ConnectionID: 5}
		for method, ask := range map[string]func() error{
			"IsOnline":              func() error { _, err := c.IsOnline(ctx, id); return err },
			"Session":               func() error { _, err := c.Session(ctx, id); return err },
			"UIDByClientID":         func() error { _, err := c.UIDByClientID(ctx, id); return err },
			"ClientCount":           func() error { _, err := c.ClientCount(ctx); return err },
			"ClientCountsByGroups":  func() error { _, err := c.ClientCountsByGroups(ctx, []string{"room"}); return err },
			"ClientIDsByUID":        func() error { _, err := c.ClientIDsByUID(ctx, "u"); return err },
			"ClientIDsByUIDs":       func() error { _, err := c.ClientIDsByUIDs(ctx, []string{"u"}); return err },
			"AllGroups":             func() error { _, err := c.AllGroups(ctx); return err },
			"GroupClientIDs":        func() error { _, err := c.GroupClientIDs(ctx); return err },
			"GroupUIDs":             func() error { _, err := c.GroupUIDs(ctx); return err },
			"AllClientSessions":     func() error { _, err := c.AllClientSessions(ctx); return err },
			"ClientSessionsByGroup": func() error { _, err := c.ClientSessionsByGroup(ctx, "room"); return err },
			"Select":                func() error { _, err := c.Select(ctx, Query{}); return err },
		} {
			if err := ask(); err != nil && err != ErrClientOffline && len(FailedGateways(err)) != 1 {
				t.Errorf("%s of %q: %v names no gateway", method, payload, err)
			}
		}
	})
}
