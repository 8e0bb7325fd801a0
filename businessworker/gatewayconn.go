package businessworker

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
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
	in     *handover.Conn // net, read by the reader
	reader *reader
	out    *innerconn.Sender // owns all writes, past in
	worker *Worker
	log    logrus.FieldLogger
	lane   *innerclient.Lane // the commands on out, and which of them are executed
	dirty  atomic.Bool       // has frames that were left unwritten
}

// newGatewayConn makes what the worker has for a connection.
func (w *Worker) newGatewayConn(addr gatewayprotocol.GatewayAddress, nc net.Conn) *gatewayConn {
	keepalive.Set(nc)
	out := innerconn.NewSender(nc, w.opts.SendToGatewayBufferSize)
	gc := &gatewayConn{
		addr:   addr,
		net:    nc,
		in:     handover.NewConn(readConn{nc, innerconn.NewReader(nc)}),
		out:    out,
		lane:   innerclient.NewLane(out, w.opts.QueryTimeout),
		worker: w,
		log:    w.log.WithField("remote", addr.String()),
	}
	gc.reader = newReader(gc)
	return gc
}

// readConn is a connection that is read past the scheduler.
type readConn struct {
	net.Conn
	in *innerconn.Reader
}

func (c readConn) Read(p []byte) (int, error) { return c.in.Read(p) }

// connect dials a gateway and introduces the worker. The connection is one of the
// worker's then, unless it stops.
func (w *Worker) connect(ctx context.Context, addr gatewayprotocol.GatewayAddress) (*gatewayConn, error) {
	dctx, cancel := context.WithTimeout(ctx, w.opts.ConnectTimeout)
	defer cancel()
	nc, err := w.opts.Dial(dctx, "tcp", addr.String())
	if err != nil {
		return nil, err
	}
	w.standstill.RLock()
	defer w.standstill.RUnlock()
	gc := w.newGatewayConn(addr, nc)
	err = gc.out.Append(gatewayprotocol.Message{ // before all others
		Cmd:  gatewayprotocol.CmdWorkerConnect,
		Flag: gatewayprotocol.FlagBodyIsScalar,
		Body: w.hello,
	})
	if err == nil && !w.gateways.put(gc) {
		err = ErrWorkerClosed
	}
	if err != nil {
		gc.out.Close()
		return nil, err
	}
	gc.out.Flush()
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
