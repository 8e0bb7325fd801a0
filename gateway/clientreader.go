package gateway

import (
	"bytes"
	"errors"
	"net/netip"
	"unsafe"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/uncleared"
)

// clientReader runs received bytes through the client protocol. Each goroutine
// that reads clients has one; it is the codec's handler for the client at hand.
type clientReader struct {
	gw    *Gateway
	b     *batch
	c     *client
	owned []byte // where long messages are that need not be copied: nobody uses it afterwards
	long  int    // bytes of long messages since the poller asked
	event []byte // room for the event of a handshake, which is used again unless it is nil
	made  []byte // the message at hand, if it was inflated by another goroutine

	poller bool // others wait for this goroutine

	tally     tally       // of what was read since flush
	inflated  conversions // of it
	perSecond int         // messages that the client at hand may send; 0 is without limit
}

// flush writes out what the bytes received led to, and tells how many they were.
func (r *clientReader) flush() {
	r.b.flush()
	r.tally.tell(&r.gw.traffic.fromClients)
	r.inflated.tell(&r.gw.compression.received)
}

// clientReadSize is Workerman's TcpConnection::READ_BUFFER_SIZE. It is also the
// longest message of the tcp protocol.
const clientReadSize = 87380

// keepUnread is the largest buffer that stays with a client for what follows.
const keepUnread = 64 << 10

// received handles bytes that arrived from c. It may change p.
func (r *clientReader) received(c *client, p []byte) {
	r.c = c
	defer func() { r.c = nil }()
	r.tally.add(0, len(p))
	if r.gw.metered.Load() && !r.measure(c, len(p)) {
		return
	}
	own := len(c.unread) > 0
	if own {
		c.collect(p)
		p = c.unread
	}
	if len(p) < c.proto.Need() {
		if !own {
			c.collect(p)
		}
		clientproto.Prepare(c.listener.codec, &c.proto, c.unread)
		return
	}
	r.owned = nil
	if own {
		r.owned = c.unread
	}
	n, err := c.listener.codec.Decode(&c.proto, p, r)
	switch {
	case err != nil:
		if !r.Closing() && r.gw.opts.MaxMessageSize > 0 && errors.Is(err, clientproto.ErrTooLong) {
			r.gw.overLimit(r.b, c, LimitMessageSize)
		}
		if !r.Closing() {
			why := ClosedForBadData
			if errors.Is(err, clientproto.ErrInflateBudget) || errors.Is(err, clientproto.ErrUnnegotiated) {
				why = ClosedForCompression
			}
			r.gw.warn(r.gw.clientLog(c).WithError(err), "client sent bad data, closing its connection")
			if frame := clientproto.CloseFrame(err); frame != nil {
				r.gw.endWith(r.b, c, frame, why)
			} else {
				c.closeAfter(r.b, nil, true, shortLived, why)
			}
		}
		r.gw.letGo(c.unread)
		c.unread = nil
	case n == len(p):
		r.gw.letGo(c.unread)
		c.unread = nil
	case own && n == 0: // p is c.unread: a long line that comes in pieces is not copied for each
	case own && cap(c.unread) <= keepUnread:
		c.unread = append(c.unread[:0], p[n:]...)
	case own && n < len(p)-n: // much is left, and moving it takes milliseconds
		c.unread = p[n:]
	default:
		c.unread = append([]byte(nil), p[n:]...)
	}
}

// collect puts p behind what was received. Where it is known how long that will
// be, a buffer of twice the size takes the place of one that is full, and at last
// one for the whole: long messages are not copied again and again, and memory is not
// taken for what is only announced.
func (c *client) collect(p []byte) {
	have, need := len(c.unread)+len(p), c.proto.Need()
	if have > cap(c.unread) && need > len(c.unread) {
		size := min(need+clientReadSize, 2*have)
		c.unread = append(uncleared.Bytes(max(size, have))[:0], c.unread...)
	}
	c.unread = append(c.unread, p...)
}

// The methods that follow make clientReader a clientproto.Handler.

func (r *clientReader) Request(req *clientproto.Request) {
	if h := r.c.hookWait(); h != nil {
		r.conclude(req, h.verdict.Load())
		return
	}
	if !r.gw.findRemote(r.b, r.c, req) {
		return
	}
	if allowed := r.gw.options().Origins; len(allowed) > 0 {
		if origin, _ := req.Header("origin"); !originAllowed(allowed, origin) {
			r.gw.overLimit(r.b, r.c, LimitOrigin)
			return
		}
	}
	if refusal := r.gw.refusal(r.c, req); refusal != nil {
		r.Close(refusal)
		return
	}
	if o := r.gw.options(); o.ConnectHook != nil {
		r.hold(req, o)
		return
	}
	r.gw.chooseProtocol(req)
	r.accept(req)
}

// accept tells the worker of a client whose request will be answered.
func (r *clientReader) accept(req *clientproto.Request) {
	if r.gw.options().Compression {
		req.NegotiateDeflate()
	}
	r.gw.hintAtCookie(req)
	event := req.AppendEvent(r.event[:0])
	r.gw.sendToWorker(r.b, r.c, gatewayprotocol.CmdOnWebSocketConnect, event, 0)
	// What has room for a long one would be kept by the worker's queue at times.
	if r.event != nil && cap(event) < innerLong {
		r.event = event
	}
}

func (r *clientReader) Handshaken(response []byte) { r.c.handshakeDone(r.b, response) }

func (r *clientReader) Inflated(from, to int) { r.inflated.add(from, to) }

func (r *clientReader) Message(payload []byte) {
	if r.perSecond > 0 && r.c.meter.overMessages(r.perSecond) {
		r.gw.overLimit(r.b, r.c, LimitMessages)
		return
	}
	r.tally.add(1, 0)
	r.c.silent.Store(-1)
	if len(payload) >= innerLong {
		payload = r.keep(payload)
	}
	r.gw.sendToWorker(r.b, r.c, gatewayprotocol.CmdOnMessage, payload, gatewayprotocol.FlagBodyIsScalar)
}

// keep returns a long message in memory that does not change any more.
func (r *clientReader) keep(payload []byte) []byte {
	r.long += len(payload)
	if r.c.listener.protocol != customName && (within(payload, r.owned) || within(payload, r.made)) {
		return payload
	}
	return bytes.Clone(payload)
}

// within reports whether p, which is not empty, is part of buf.
func within(p, buf []byte) bool {
	first, start := uintptr(unsafe.Pointer(&p[0])), uintptr(unsafe.Pointer(unsafe.SliceData(buf)))
	return first >= start && first < start+uintptr(len(buf))
}

func (r *clientReader) Reply(raw []byte) { r.c.send(r.b, raw, true, shortLived) }

func (r *clientReader) Close(raw []byte) {
	why := ClosedByClient // which sent a close frame
	if !r.c.ready() {
		why = ClosedInHandshake
	}
	r.c.closeAfter(r.b, raw, true, shortLived, why)
}

func (r *clientReader) Closing() bool { return r.c.ended() }

func (r *clientReader) RemoteAddr() netip.AddrPort { return r.c.remoteAddr() }

func (r *clientReader) RemoteIP() string { return phpIP(r.c.remoteAddr().Addr()) }

func (r *clientReader) LocalPort() uint16 { return r.c.listener.port }
