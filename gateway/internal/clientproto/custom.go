package clientproto

import (
	"fmt"
	"net/netip"
	"runtime/debug"
	"sync"
)

// Protocol is a protocol that is not built in, as [NewCustom] drives it.
// gateway.ClientProtocol says what the methods are for.
type Protocol interface {
	// Input returns the length of the first packet in buf, 0 if that cannot be
	// told yet.
	Input(buf []byte, client *Conn) (int, error)
	// Decode returns the message in packet; ok is false if there is none.
	Decode(packet []byte, client *Conn) (message []byte, ok bool, err error)
	// AppendPacket appends the packet that carries message to dst.
	AppendPacket(dst, message []byte) []byte
}

// custom makes a Protocol a codec.
type custom struct {
	protocol Protocol
	max      int
	dropped  func(error)
}

// NewCustom returns the codec of p. An error or a panic of p ends that client's
// connection. If AppendPacket panics, the message is not sent, and dropped is
// called with what happened. A packet has at most maxPackageSize bytes.
func NewCustom(p Protocol, maxPackageSize int, dropped func(error)) Codec {
	return &custom{p, Options{MaxPackageSize: maxPackageSize}.maxPackageSize(), dropped}
}

func (*custom) Handshakes() bool { return false }

func (c *custom) Decode(st *State, buf []byte, h Handler) (int, error) {
	conn := conns.Get().(*Conn)
	conn.handler, conn.st = h, st
	defer func() {
		*conn = Conn{}
		conns.Put(conn)
	}()

	length := int(st.need)
	st.need = 0
	off := 0
	for off < len(buf) {
		if h.Closing() {
			return len(buf), nil
		}
		rest := buf[off:]
		if length == 0 {
			var err error
			if length, err = c.input(rest, conn); err != nil {
				return off, fmt.Errorf("custom protocol: input: %w", err)
			}
			switch {
			case h.Closing():
				return len(buf), nil
			case length < 0 || length > c.max:
				return off, fmt.Errorf("custom protocol: packet length %d is not between 0 and %d%w", length, c.max, ErrTooLong)
			case length == 0 && len(rest) >= c.max:
				return off, fmt.Errorf("custom protocol: no packet in %d bytes%w", len(rest), ErrTooLong)
			case length == 0:
				return off, nil
			}
		}
		if len(rest) < length {
			st.need = uint32(length)
			return off, nil
		}
		message, ok, err := c.decodePacket(rest[:length:length], conn)
		off += length
		length = 0
		switch {
		case err != nil:
			return off, fmt.Errorf("custom protocol: decode: %w", err)
		case ok && !h.Closing():
			h.Message(message)
		}
	}
	return off, nil
}

func (c *custom) input(buf []byte, conn *Conn) (n int, err error) {
	defer recoverAsError(&err)
	return c.protocol.Input(buf[:len(buf):len(buf)], conn)
}

func (c *custom) decodePacket(packet []byte, conn *Conn) (message []byte, ok bool, err error) {
	defer recoverAsError(&err)
	return c.protocol.Decode(packet, conn)
}

func (c *custom) AppendMessage(dst, body []byte) (packet []byte) {
	defer func() {
		if r := recover(); r != nil {
			packet = dst
			c.dropped(fmt.Errorf("custom protocol: message of %d bytes dropped: panic: %v\n%s", len(body), r, debug.Stack()))
		}
	}()
	return c.protocol.AppendPacket(dst, body)
}

// recoverAsError turns a panic of the program's protocol into *err.
func recoverAsError(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
	}
}

// Conn is a client's connection as a [Protocol] sees it, valid during the call
// to which it is passed. It has the methods of gateway.ClientConn.
type Conn struct {
	handler Handler
	st      *State
}

var conns = sync.Pool{New: func() any { return new(Conn) }}

// RemoteAddr is the client's address.
func (c *Conn) RemoteAddr() netip.AddrPort { return c.handler.RemoteAddr() }

// LocalPort is the port that the client connected to.
func (c *Conn) LocalPort() uint16 { return c.handler.LocalPort() }

// Reply sends raw to the client as it is.
func (c *Conn) Reply(raw []byte) { c.handler.Reply(raw) }

// State is what SetState set for this client, nil before.
func (c *Conn) State() any {
	if c.st.extra == nil {
		return nil
	}
	return c.st.extra.custom
}

// SetState keeps v with the client.
func (c *Conn) SetState(v any) {
	if c.st.extra == nil {
		c.st.extra = new(extra)
	}
	c.st.extra.custom = v
}
