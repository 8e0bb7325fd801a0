package gatewayprotocol

import "fmt"

// FrameLengthError reports a frame whose declared length (pack_len) cannot be
// right. The connection that sent it cannot be read any further.
type FrameLengthError struct {
	Length uint32 // as declared
	Limit  int    // largest length accepted
}

func (e *FrameLengthError) Error() string {
	if e.Length < HeadLen {
		return fmt.Sprintf("gatewayprotocol: frame length %d is shorter than a head (%d)", e.Length, HeadLen)
	}
	return fmt.Sprintf("gatewayprotocol: frame length %d is over the limit of %d", e.Length, e.Limit)
}

// ReplyLengthError reports a reply whose declared length is over the limit.
type ReplyLengthError struct {
	Length uint32
	Limit  int
}

func (e *ReplyLengthError) Error() string {
	return fmt.Sprintf("gatewayprotocol: reply of %d bytes is over the limit of %d", e.Length, e.Limit)
}

// MessageError reports a frame whose ext_data or body cannot be carried out,
// such as a list of groups that holds a list. PHP's gateway process exits on such a frame. The
// stream is intact: the frame after it can be read.
type MessageError struct {
	Cmd    Command
	Part   string // "ext_data" or "body"
	Reason string // completes the sentence "ext_data …"
}

func (e *MessageError) Error() string {
	return fmt.Sprintf("gatewayprotocol: %v: %s %s", e.Cmd, e.Part, e.Reason)
}
