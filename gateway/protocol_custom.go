package gateway

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime/debug"
	"sync"

	"github.com/sirupsen/logrus"
)

// ErrNoMessage is what [ClientProtocol.Decode] returns for a packet that
// carries nothing for the worker, such as a heartbeat.
var ErrNoMessage = errors.New("gateway: packet carries no message")

// ClientProtocol is a protocol between clients and the gateway that is not
// built in. It is what a protocol class is to Workerman: Input finds where a
// packet ends, Decode takes the message out of a packet, AppendPacket puts a
// message into one.
//
// One value serves all clients of a listener, and is called for several of
// them at a time: it must not change. What it has to remember of one client it
// keeps with [ClientConn.SetState].
//
// An error or a panic in Input or Decode ends that client's connection, without
// another byte to it, and is logged. Nothing else is affected.
type ClientProtocol interface {
	// Input returns the length of the first packet in buf, which is never
	// empty; 0 if that cannot be told yet. A length beyond len(buf) is fine: the
	// gateway waits until the packet is there and does not ask again. Lengths
	// below 0 or above 10,485,760 end the connection, as do that many bytes
	// without a length.
	//
	// Input must not keep or change buf.
	Input(buf []byte, client ClientConn) (int, error)

	// Decode returns the message in packet, whose length is what Input said.
	// The message may be a part of packet, or packet itself changed in place;
	// it is not used after the next call. Decode returns [ErrNoMessage] if
	// there is none; an empty message is one.
	Decode(packet []byte, client ClientConn) ([]byte, error)

	// AppendPacket appends the packet that carries message to dst and returns
	// the extended slice. A message to many clients is put into a packet once,
	// which is why it does not know for whom. It must not keep message.
	//
	// If it panics, the message is dropped and the panic logged.
	AppendPacket(dst, message []byte) []byte
}

// ClientConn is a client's connection as a [ClientProtocol] sees it. It is
// valid during the call to which it was passed.
type ClientConn interface {
	// RemoteAddr is the client's address.
	RemoteAddr() netip.AddrPort
	// LocalPort is the port to which the client connected.
	LocalPort() uint16
	// Reply sends raw to the client as it is, for example as the answer to a
	// heartbeat. raw may be used again after the call.
	Reply(raw []byte)
	// State is what SetState set for this client, nil before.
	State() any
	// SetState keeps v with the client's connection. It is gone with it.
	SetState(v any)
}

// customCodec makes a ClientProtocol a codec.
type customCodec struct {
	protocol ClientProtocol
	log      logrus.FieldLogger // for messages that cannot be put into a packet
}

func newCustomCodec(p ClientProtocol, log logrus.FieldLogger) codec {
	return customCodec{p, log}
}

func (c customCodec) decode(st *codecState, buf []byte, h codecHandler) (int, error) {
	conn := customConns.Get().(*customConn)
	conn.handler, conn.st = h, st
	defer func() {
		*conn = customConn{}
		customConns.Put(conn)
	}()

	length := int(st.need)
	st.need = 0
	off := 0
	for off < len(buf) {
		if h.closing() {
			return len(buf), nil
		}
		rest := buf[off:]
		if length == 0 {
			var err error
			if length, err = c.input(rest, conn); err != nil {
				return off, fmt.Errorf("custom protocol: input: %w", err)
			}
			switch {
			case h.closing():
				return len(buf), nil
			case length < 0 || length > maxPackageSize:
				return off, fmt.Errorf("custom protocol: packet length %d is not between 0 and %d", length, maxPackageSize)
			case length == 0 && len(rest) >= maxPackageSize:
				return off, fmt.Errorf("custom protocol: no packet in %d bytes", len(rest))
			case length == 0:
				return off, nil
			}
		}
		if len(rest) < length {
			st.need = uint32(length)
			return off, nil
		}
		message, err := c.decodePacket(rest[:length:length], conn)
		off += length
		length = 0
		switch {
		case errors.Is(err, ErrNoMessage):
		case err != nil:
			return off, fmt.Errorf("custom protocol: decode: %w", err)
		case !h.closing():
			h.message(message)
		}
	}
	return off, nil
}

func (c customCodec) input(buf []byte, conn ClientConn) (n int, err error) {
	defer recoverAsError(&err)
	return c.protocol.Input(buf[:len(buf):len(buf)], conn)
}

func (c customCodec) decodePacket(packet []byte, conn ClientConn) (message []byte, err error) {
	defer recoverAsError(&err)
	return c.protocol.Decode(packet, conn)
}

func (c customCodec) appendMessage(dst, body []byte) (packet []byte) {
	defer func() {
		if r := recover(); r != nil {
			packet = dst
			c.log.Errorf("custom protocol: message of %d bytes dropped: panic: %v\n%s", len(body), r, debug.Stack())
		}
	}()
	return c.protocol.AppendPacket(dst, body)
}

// recoverAsError turns a panic of user code into *err.
func recoverAsError(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
	}
}

// customConn is the ClientConn of one call to decode.
type customConn struct {
	handler codecHandler
	st      *codecState
}

var customConns = sync.Pool{New: func() any { return new(customConn) }}

func (c *customConn) RemoteAddr() netip.AddrPort { return c.handler.remoteAddr() }
func (c *customConn) LocalPort() uint16          { return c.handler.localPort() }
func (c *customConn) Reply(raw []byte)           { c.handler.reply(raw) }

func (c *customConn) State() any {
	if c.st.half == nil {
		return nil
	}
	return c.st.half.custom
}

func (c *customConn) SetState(v any) {
	if c.st.half == nil {
		c.st.half = new(codecHalf)
	}
	c.st.half.custom = v
}
