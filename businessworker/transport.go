package businessworker

import (
	"context"
	"errors"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
)

// transport is what the worker's gatewayclient.Client sends by. As in PHP,
// commands go over the worker's connections and questions over others, since
// their answers are no frames. Commands for a gateway to which the worker has no
// connection go over those, too.
type transport struct {
	worker *Worker
	pool   *innerclient.Pool
}

func (t *transport) Gateways(ctx context.Context) ([]gatewayprotocol.GatewayAddress, error) {
	if err := t.worker.watcher.Wait(ctx); err != nil {
		if t.worker.ctx.Err() != nil {
			err = ErrWorkerClosed
		}
		return nil, err
	}
	return t.worker.gateways.all(), nil
}

func (t *transport) TrySend(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) (done bool, err error) {
	done, err = t.trySend(ctx, to, m)
	if done && err == nil {
		t.sent(to, &m)
	}
	return done, err
}

// sent notes that a session changes by other than its event.
func (t *transport) sent(to gatewayprotocol.GatewayAddress, m *gatewayprotocol.Message) {
	if m.Cmd == gatewayprotocol.CmdSetSession || m.Cmd == gatewayprotocol.CmdUpdateSession {
		t.worker.dispatcher.sessionWritten(ClientID{LocalIP: to.IP, LocalPort: to.Port, ConnectionID: m.ConnectionID}, m)
	}
}

// send is TrySend and Send for the worker's own frames.
func (t *transport) send(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) error {
	done, err := t.trySend(ctx, to, m)
	if !done {
		err = t.waitSend(ctx, to, m)
	}
	if err != nil {
		err = &gatewayclient.GatewayError{Gateway: to, Cmd: m.Cmd, Err: err}
	}
	return err
}

func (t *transport) trySend(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) (done bool, err error) {
	if gc := t.worker.gateways.conn(to); gc != nil {
		switch err := gc.send(m); {
		case err == nil:
			return true, nil
		case errors.Is(err, ErrSendBufferFull):
			if t.worker.opts.SendNoWait {
				t.worker.stats.refused.Add(1)
				return true, err
			}
			return false, nil
		}
		// it ended just now, or the worker stops
	}
	if !t.knows(to) {
		return true, gatewayclient.ErrUnknownGateway
	}
	done, err = t.pool.TrySend(ctx, to, m)
	return done, t.count(err)
}

func (t *transport) knows(to gatewayprotocol.GatewayAddress) bool {
	return t.worker.gateways.conn(to) != nil || t.worker.gateways.names(to)
}

func (t *transport) count(err error) error {
	if errors.Is(err, ErrSendBufferFull) {
		t.worker.stats.refused.Add(1)
	}
	return err
}

func (t *transport) Send(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) error {
	err := t.waitSend(ctx, to, m)
	if err == nil {
		t.sent(to, &m)
	}
	return err
}

func (t *transport) waitSend(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) error {
	waiting := ctx
	var deadline context.CancelFunc
	for {
		gc := t.worker.gateways.conn(to)
		if gc == nil {
			break
		}
		err := gc.send(m)
		if err == nil {
			return nil
		}
		if !errors.Is(err, ErrSendBufferFull) {
			break
		}
		if deadline == nil {
			waiting, deadline = context.WithTimeout(ctx, t.worker.opts.SendTimeout)
			defer deadline()
		}
		gc.out.Flush()
		switch {
		case gc.out.WaitRoom(waiting) == nil:
		case ctx.Err() != nil: // the caller's
			return ctx.Err()
		case waiting.Err() != nil:
			return t.count(ErrSendBufferFull)
		}
	}
	if !t.knows(to) {
		return gatewayclient.ErrUnknownGateway
	}
	return t.count(t.pool.Send(ctx, to, m))
}

// Query first waits until the gateway has executed the commands given before.
func (t *transport) Query(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) ([]byte, error) {
	if gc := t.worker.gateways.conn(to); gc != nil {
		qctx, cancel := context.WithTimeout(ctx, t.worker.opts.QueryTimeout)
		err := gc.lane.Settle(qctx)
		cancel()
		if err != nil && ctx.Err() == nil {
			err = gatewayclient.ErrNoReply
		}
		if err != nil {
			return nil, err
		}
	} else if !t.knows(to) {
		return nil, gatewayclient.ErrUnknownGateway
	}
	return t.pool.Query(ctx, to, m)
}

// Stats adds the numbers of the worker's connections to those of the pool.
func (t *transport) TakeUnconfirmed() map[gatewayprotocol.GatewayAddress]uint64 {
	return t.worker.gateways.takeUnconfirmed(t.pool.TakeUnconfirmed())
}

func (t *transport) Stats() innerclient.Stats {
	s := t.pool.Stats()
	for _, gc := range *t.worker.gateways.conns.Load() {
		s.Gateways++
		s.Connections++
		s.Buffered += gc.out.Buffered()
	}
	return s
}

// Close does nothing: the Client ends with its Worker.
func (t *transport) Close() error { return nil }
