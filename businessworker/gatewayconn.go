package businessworker

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient/innerconn"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
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
	dirty  atomic.Bool // has frames that wait for the end of the batch

	barriers barriers
}

// slabSize is how much is read at once. Events refer to the bytes where they
// were read, so a slab is never used twice.
const slabSize = 64 << 10

// maxEvent is the longest frame taken from a gateway: a client's message and its
// session may each be as long as a whole frame of the other direction. PHP's
// worker ends the connection at a third of that, for all clients of the gateway.
const maxEvent = 3 * gatewayprotocol.MaxPackageSize

// leastRead is the room in a slab below which the next one is begun.
const leastRead = 4 << 10

// connect dials a gateway and introduces the worker.
func (w *Worker) connect(ctx context.Context, addr gatewayprotocol.GatewayAddress) (*gatewayConn, error) {
	dctx, cancel := context.WithTimeout(ctx, w.opts.ConnectTimeout)
	defer cancel()
	nc, err := w.opts.Dial(dctx, "tcp", addr.String())
	if err != nil {
		return nil, err
	}
	gc := &gatewayConn{
		addr:   addr,
		net:    nc,
		out:    innerconn.NewSender(nc, w.opts.SendToGatewayBufferSize),
		worker: w,
		log:    w.log.WithField("remote", addr.String()),
	}
	return gc, gc.out.Send(gatewayprotocol.Message{
		Cmd:  gatewayprotocol.CmdWorkerConnect,
		Flag: gatewayprotocol.FlagBodyIsScalar,
		Body: w.hello,
	})
}

// read hands the gateway's events to the dispatcher until the connection ends.
func (gc *gatewayConn) read(ctx context.Context) error {
	var (
		slab  = make([]byte, slabSize)
		start int // of what is not decoded yet
		end   int
		batch []*Event
	)
	for {
		n, err := gc.net.Read(slab[end:])
		end += n
		batch = batch[:0]
		var frame int // length of the frame that is not complete yet, 0 if not known
		for {
			if n := barrierAnswer(slab[start:end]); n > 0 {
				start += n
				gc.barriers.answered()
				continue
			}
			var bad error
			if frame, bad = gatewayprotocol.FrameLen(slab[start:end], maxEvent); bad != nil {
				return errors.Join(gc.worker.dispatcher.add(ctx, batch), bad)
			}
			if frame == 0 || end-start < frame {
				break
			}
			e := &Event{worker: gc.worker}
			_, _ = gatewayprotocol.DecodeMessage(slab[start:end], &e.msg, maxEvent) // the length is good
			start += frame
			if gc.isEvent(e) {
				batch = append(batch, e)
			}
		}
		if len(batch) > 0 {
			if err := gc.worker.dispatcher.add(ctx, batch); err != nil {
				return err
			}
			clear(batch)
		}
		if err != nil {
			return err
		}
		need := leastRead
		if frame > 0 {
			need = frame - (end - start)
		}
		if len(slab)-end < need {
			next := make([]byte, max(slabSize, (end-start)+need))
			end = copy(next, slab[start:end])
			start, slab = 0, next
		}
	}
}

func (gc *gatewayConn) isEvent(e *Event) bool {
	switch e.msg.Cmd {
	case gatewayprotocol.CmdOnConnect, gatewayprotocol.CmdOnMessage,
		gatewayprotocol.CmdOnClose, gatewayprotocol.CmdOnWebSocketConnect:
		return true
	case gatewayprotocol.CmdPing:
	default:
		gc.log.Warnf("ignoring a frame with command %s", e.msg.Cmd)
	}
	return false
}

// send appends a command. While events wait for a handler it goes out with the
// answers to those, and else at once.
func (gc *gatewayConn) send(m gatewayprotocol.Message) error {
	if err := gc.out.Append(m); err != nil {
		return err
	}
	gc.barriers.commands.Add(1) // not before: a barrier in between would count it and be in front of it
	if gc.worker.dispatcher.backlog.Load() == 0 {
		gc.out.Flush()
		return nil
	}
	if !gc.dirty.Swap(true) {
		gc.worker.addDirty(gc)
		if gc.worker.dispatcher.backlog.Load() == 0 { // the batch ended meanwhile
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
