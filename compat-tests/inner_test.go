package compattests

import (
	"encoding/binary"
	"fmt"
	"net"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// frame is a frame of the inner port.
type frame = gp.Message

// An inner is a scripted connection to a gateway's inner port: a worker after
// worker(), a GatewayClient otherwise.
type inner struct {
	*stream
	gw      *gatewayUnderTest
	worker  bool
	pending []unit // received during a barrier, not yet in the transcript
	dirty   bool   // something was sent since the last barrier
	mute    bool   // barriers would change what the scenario is about
}

// A unit is a frame or a reply.
type unit struct {
	frame *frame
	reply []byte
}

// inner dials the inner port of the first gateway. It is the conversation of a
// GatewayClient or, with hello(), of a worker.
func (s *stage) inner() *inner { return s.innerAt(s.gateways[0]) }

func (s *stage) innerAt(gw *gatewayUnderTest) *inner {
	s.askers++
	in := s.dialInner(fmt.Sprintf("a%d", s.askers), gw)
	s.inners = append(s.inners, in)
	return in
}

func (s *stage) dialInner(name string, gw *gatewayUnderTest) *inner {
	conn, err := net.Dial("tcp", gw.innerAddress)
	s.check(err)
	s.names.port(conn.LocalAddr().(*net.TCPAddr).Port, name)
	return &inner{stream: s.adopt(name, conn), gw: gw}
}

// worker connects a scripted worker with worker_key "w:0", "w:1", ... to the first gateway.
func (s *stage) worker() *inner { return s.workerAt(s.gateways[0]) }

func (s *stage) workerAt(gw *gatewayUnderTest) *inner {
	return s.workerKeyed(gw, fmt.Sprintf("w:%d", len(s.workers)))
}

func (s *stage) workerKeyed(gw *gatewayUnderTest, key string) *inner {
	w := s.dialInner(fmt.Sprintf("w%d", len(s.workers)+1), gw)
	w.worker = true
	s.workers = append(s.workers, w)
	s.inners = append(s.inners, w)
	w.send(workerConnect(key, gw.cfg.SecretKey))
	w.barrier()
	return w
}

// send sends frames in one segment.
func (in *inner) send(frames ...*frame) {
	var data []byte
	for _, f := range frames {
		in.stage.log("%s > %s", in.name, in.stage.names.renderFrame(f))
		data = gp.AppendMessage(data, f)
	}
	in.dirty = true
	in.put(data)
}

// raw sends bytes as they are.
func (in *inner) raw(data []byte) {
	in.stage.log("%s > bytes %s", in.name, quote(data))
	in.dirty = true
	in.put(data)
}

// ask sends each frame and waits for the answer to each query.
func (in *inner) ask(frames ...*frame) {
	for _, f := range frames {
		in.send(f)
		for f.Cmd.IsQuery() {
			u, ok := in.next()
			if !ok {
				in.stage.log("%s < closed", in.name)
				return
			}
			in.logUnit(u)
			if u.frame == nil {
				break
			}
		}
	}
}

// expect puts the next unit into the transcript, or that the connection is closed.
func (in *inner) expect() bool {
	u, ok := in.next()
	if !ok {
		in.stage.log("%s < closed", in.name)
		return false
	}
	in.logUnit(u)
	return true
}

// expectN is expect, n times.
func (in *inner) expectN(n int) {
	for range n {
		in.expect()
	}
}

func (in *inner) logUnit(u unit) {
	if u.frame != nil {
		in.stage.log("%s < %s", in.name, in.stage.names.renderFrame(u.frame))
	} else {
		in.stage.log("%s < reply %s", in.name, quote(u.reply))
	}
}

func (in *inner) next() (unit, bool) {
	if len(in.pending) > 0 {
		u := in.pending[0]
		in.pending = in.pending[1:]
		return u, true
	}
	return in.read()
}

func (in *inner) read() (unit, bool) {
	raw, ok := in.take(in.unitLen)
	if !ok {
		return unit{}, false
	}
	return in.decode(raw), true
}

// unitLen returns the length of the unit at the start of buf. Only workers get
// frames, and a frame's command is no character that serialize() starts with.
func (in *inner) unitLen(buf []byte) int {
	if len(buf) < 5 {
		return 0
	}
	n := int(binary.BigEndian.Uint32(buf))
	if !in.isFrame(buf) {
		n += gp.ReplyHeadLen
	}
	if len(buf) < n {
		return 0
	}
	return n
}

func (in *inner) isFrame(buf []byte) bool { return in.worker && (buf[4] < ' ' || buf[4] > '~') }

func (in *inner) decode(raw []byte) unit {
	if !in.isFrame(raw) {
		return unit{reply: raw[gp.ReplyHeadLen:]}
	}
	m := &frame{}
	n, err := gp.DecodeMessage(raw, m, 1<<30)
	if err != nil || n != len(raw) {
		in.stage.fail("%s: bad frame %s: %v", in.name, quote(raw), err)
	}
	return unit{frame: m}
}

// barrier returns when the gateway has executed all that was sent on this
// connection. It leaves no line in the transcript.
func (in *inner) barrier() {
	if in.mute || in.over() || !in.dirty {
		return
	}
	in.dirty = false
	in.put(gp.AppendMessage(nil, isOnline(0)))
	for {
		u, ok := in.read()
		if !ok {
			return
		}
		if u.frame == nil && string(u.reply) == "i:0;" {
			return
		}
		in.pending = append(in.pending, u)
	}
}

// drain puts all that has come into the transcript, after a barrier.
func (in *inner) drain() {
	in.dirty = true
	in.barrier()
	for _, u := range in.pending {
		in.logUnit(u)
	}
	in.pending = nil
	if in.over() {
		in.stage.log("%s < closed", in.name)
	} else {
		in.stage.log("%s . nothing more", in.name)
	}
}

// settle is a barrier on all inner connections.
func (s *stage) settle() {
	for _, in := range s.inners {
		in.barrier()
	}
}
