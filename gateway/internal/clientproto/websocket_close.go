package clientproto

import "encoding/binary"

// Codes of close frames (RFC 6455 section 7.4, and the registry of IANA).
const (
	CloseGoingAway = 1001
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
