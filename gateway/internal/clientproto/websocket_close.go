package clientproto

import (
	"encoding/binary"
	"errors"
)

// Codes of close frames (RFC 6455 section 7.4, and the registry of IANA).
const (
	CloseGoingAway = 1001
	CloseProtocol  = 1002
	CloseBadData   = 1007
	ClosePolicy    = 1008
	CloseTooBig    = 1009
	CloseRestart   = 1012
	CloseTryLater  = 1013
)

// AppendClose appends a close frame. Of a reason no more than fits is sent.
func AppendClose(dst []byte, code uint16, reason string) []byte {
	reason = reason[:min(len(reason), 123)]
	dst = appendFrameHead(dst, fin|opClose, 2+len(reason))
	return append(binary.BigEndian.AppendUint16(dst, code), reason...)
}

// closeError is an error of which the client is told.
type closeError struct {
	error
	code uint16
}

func (e *closeError) Unwrap() error { return e.error }

// closeWith makes err one of which the client is told by a code, unless that is 0.
func closeWith(code uint16, err error) error {
	if code == 0 {
		return err
	}
	return &closeError{err, code}
}

// CloseFrame returns the close frame that a client gets when [Codec.Decode] has
// returned err, nil if its connection ends without one.
func CloseFrame(err error) []byte {
	if e := (*closeError)(nil); errors.As(err, &e) {
		return AppendClose(nil, e.code, "")
	}
	return nil
}
