package gatewayclient

import (
	"context"
	"errors"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
)

// A directory knows which gateways there are.
type directory interface {
	// list returns the gateways in Register's order. It waits for the first
	// list there is, as long as ctx allows.
	list(ctx context.Context) ([]gatewayprotocol.GatewayAddress, error)
	// knows reports whether the gateway is in the list. It does not wait: known
	// is false while there is no list yet.
	knows(addr gatewayprotocol.GatewayAddress) (in, known bool)
	// forget ends the use of a gateway that the latest list does not name any
	// more, and reports whether it was such a one.
	forget(addr gatewayprotocol.GatewayAddress) bool
	close() error
}

// fixedDirectory is Options.Gateways.
type fixedDirectory []gatewayprotocol.GatewayAddress

func newFixedDirectory(texts []string) fixedDirectory {
	d := make(fixedDirectory, 0, len(texts))
	for _, text := range texts {
		addr, _ := gatewayprotocol.ParseGatewayAddress(text) // Options were checked
		if in, _ := d.knows(addr); !in {
			d = append(d, addr)
		}
	}
	return d
}

func (d fixedDirectory) list(context.Context) ([]gatewayprotocol.GatewayAddress, error) {
	return d, nil
}

func (d fixedDirectory) knows(addr gatewayprotocol.GatewayAddress) (in, known bool) {
	return slices.Contains(d, addr), true
}

func (d fixedDirectory) forget(gatewayprotocol.GatewayAddress) bool { return false }

func (d fixedDirectory) close() error { return nil }

// clusterTransport is a pool of connections that knows the gateways of its cluster.
type clusterTransport struct {
	*innerclient.Pool
	dir directory
}

func (t *clusterTransport) Gateways(ctx context.Context) ([]gatewayprotocol.GatewayAddress, error) {
	return t.dir.list(ctx)
}

// admit refuses a gateway that is not in the cluster: a client id comes from
// outside, and must not make the program connect to anywhere it names.
func (t *clusterTransport) admit(ctx context.Context, to gatewayprotocol.GatewayAddress) error {
	in, known := t.dir.knows(to)
	if !known {
		if _, err := t.dir.list(ctx); err != nil {
			return err
		}
		in, _ = t.dir.knows(to)
	}
	if !in {
		return ErrUnknownGateway
	}
	return nil
}

func (t *clusterTransport) Send(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) error {
	if err := t.admit(ctx, to); err != nil {
		return err
	}
	return t.judge(to, t.Pool.Send(ctx, to, m))
}

func (t *clusterTransport) TrySend(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) (bool, error) {
	in, known := t.dir.knows(to)
	if !known {
		return false, nil
	}
	if !in {
		return true, ErrUnknownGateway
	}
	done, err := t.Pool.TrySend(ctx, to, m)
	return done, t.judge(to, err)
}

func (t *clusterTransport) Query(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) ([]byte, error) {
	if err := t.admit(ctx, to); err != nil {
		return nil, err
	}
	payload, err := t.Pool.Query(ctx, to, m)
	return payload, t.judge(to, err)
}

// judge makes an [ErrUnknownGateway] of the failure to reach a gateway that
// Register does not name any more: it is gone.
func (t *clusterTransport) judge(to gatewayprotocol.GatewayAddress, err error) error {
	if err != nil && errors.Is(err, ErrUnreachable) && t.dir.forget(to) {
		return ErrUnknownGateway
	}
	return err
}

func (t *clusterTransport) Close() error {
	err := t.dir.close()
	if err2 := t.Pool.Close(); err == nil {
		err = err2
	}
	return err
}
