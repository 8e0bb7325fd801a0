package gatewayprotocol

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ClientID names one client connection in a whole cluster: the inner address of
// the gateway that holds it and the connection id there. Its text form, PHP's
// client_id, is 20 lower-case hex digits (Lib\Context::addressToClientId).
type ClientID struct {
	LocalIP      uint32
	LocalPort    uint16
	ConnectionID uint32
}

// Gateway returns the inner address of the gateway that holds the client.
func (id ClientID) Gateway() GatewayAddress {
	return GatewayAddress{IP: id.LocalIP, Port: id.LocalPort}
}

// String returns the 20 hex digits.
func (id ClientID) String() string {
	var b [20]byte
	return string(id.AppendTo(b[:0]))
}

// AppendTo appends the 20 hex digits to dst.
func (id ClientID) AppendTo(dst []byte) []byte {
	var raw [10]byte
	binary.BigEndian.PutUint32(raw[0:], id.LocalIP)
	binary.BigEndian.PutUint16(raw[4:], id.LocalPort)
	binary.BigEndian.PutUint32(raw[6:], id.ConnectionID)
	return hex.AppendEncode(dst, raw[:])
}

// MarshalText returns the 20 hex digits.
func (id ClientID) MarshalText() ([]byte, error) { return id.AppendTo(nil), nil }

// UnmarshalText is the inverse of MarshalText; see [ParseClientID].
func (id *ClientID) UnmarshalText(text []byte) error {
	v, err := ParseClientID(string(text))
	if err == nil {
		*id = v
	}
	return err
}

// ClientIDError reports a text that is no client id.
type ClientIDError struct{ Text string }

func (e *ClientIDError) Error() string {
	return fmt.Sprintf("gatewayprotocol: client_id %q is invalid: want 20 hex digits", e.Text)
}

// ParseClientID parses 20 hex digits, upper or lower case. Anything else is a
// [*ClientIDError].
func ParseClientID(s string) (ClientID, error) {
	var raw [10]byte
	if len(s) != 20 {
		return ClientID{}, &ClientIDError{Text: s}
	}
	if _, err := hex.Decode(raw[:], []byte(s)); err != nil {
		return ClientID{}, &ClientIDError{Text: s}
	}
	return ClientID{
		LocalIP:      binary.BigEndian.Uint32(raw[0:]),
		LocalPort:    binary.BigEndian.Uint16(raw[4:]),
		ConnectionID: binary.BigEndian.Uint32(raw[6:]),
	}, nil
}
