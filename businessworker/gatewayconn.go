package businessworker

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/sirupsen/logrus"
)

// A gatewayConn is the worker's connection to one gateway, on which the gateway
// sends events and the worker commands.
type gatewayConn struct {
	addr   gatewayprotocol.GatewayAddress
	net    net.Conn
	out    *innerconn.Sender
	worker *Worker
	log    logrus.FieldLogger
	lane   *innerclient.Lane // the commands on out, and which of them are executed
	dirty  atomic.Bool       // has frames that were left unwritten
}

// connect dials a gateway and introduces the worker.
func (w *Worker) connect(ctx context.Context, addr gatewayprotocol.GatewayAddress) (*gatewayConn, error) {
	dctx, cancel := context.WithTimeout(ctx, w.opts.ConnectTimeout)
	defer cancel()
	nc, err := w.opts.Dial(dctx, "tcp", addr.String())
	if err != nil {
		return nil, err
	}
	keepalive.Set(nc)
	out := innerconn.NewSender(nc, w.opts.SendToGatewayBufferSize)
	gc := &gatewayConn{
		addr:   addr,
		net:    nc,
		out:    out,
		lane:   innerclient.NewLane(out, w.opts.QueryTimeout),
		worker: w,
		log:    w.log.WithField("remote", addr.String()),
	}
	err = gc.out.Send(gatewayprotocol.Message{
		Cmd:  gatewayprotocol.CmdWorkerConnect,
		Flag: gatewayprotocol.FlagBodyIsScalar,
		Body: w.hello,
	})
	if err != nil {
		gc.out.Close()
		return nil, err
	}
	return gc, nil
}

// send appends a command. While a goroutine is on its way to the next event, that
// one writes it, together with others; else it goes out at once.
func (gc *gatewayConn) send(m gatewayprotocol.Message) error {
	if err := gc.lane.Command(m); err != nil {
		return err
	}
	coming := &gc.worker.dispatcher.coming
	if !coming.Load() {
		gc.out.Flush()
		return nil
	}
	if !gc.dirty.Swap(true) {
		gc.worker.unwritten.add(gc)
		if !coming.Load() { // it may have arrived before it could see this
			gc.flush()
		}
	}
	return nil
}

// flush sends what send has left.
func (gc *gatewayConn) flush() {
	gc.dirty.Store(false)
	gc.out.Flush()
}

// unwritten are the connections with frames that send has left.
type unwritten struct {
	mu    sync.Mutex // guards conns
	conns []*gatewayConn
}

func (u *unwritten) add(gc *gatewayConn) {
	u.mu.Lock()
	u.conns = append(u.conns, gc)
	u.mu.Unlock()
}

func (u *unwritten) flush() {
	u.mu.Lock()
	conns := u.conns
	u.conns = nil
	u.mu.Unlock()
	for _, gc := range conns {
		gc.flush()
	}
}
