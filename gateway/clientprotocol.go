package gateway

import (
	"errors"
	"net/netip"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
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
	// gateway waits until the packet is there and does not ask again. A
	// length below 0 or above Options.MaxPackageSize ends the connection, as do
	// that many bytes without a length.
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
	// which is why AppendPacket does not know for whom. It must not keep
	// message.
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

// customProtocol is a ClientProtocol as clientproto calls it.
type customProtocol struct{ ClientProtocol }

func (p customProtocol) Input(buf []byte, client *clientproto.Conn) (int, error) {
	return p.ClientProtocol.Input(buf, client)
}

func (p customProtocol) Decode(packet []byte, client *clientproto.Conn) (message []byte, ok bool, err error) {
	message, err = p.ClientProtocol.Decode(packet, client)
	if errors.Is(err, ErrNoMessage) {
		return nil, false, nil
	}
	return message, err == nil, err
}
