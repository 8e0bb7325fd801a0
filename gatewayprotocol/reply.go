package gatewayprotocol

import "encoding/binary"

// ReplyHeadLen is the length of the length field in front of a reply.
const ReplyHeadLen = 4

// AppendReply appends a reply to a query: four bytes of length, then payload,
// which is PHP serialize() output. A reply has no frame head.
func AppendReply(dst, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)))
	return append(dst, payload...)
}

// DecodeReply returns the payload of the reply at the start of src and the
// length of the whole reply. While src holds less than a whole reply it
// returns 0 and no error. The payload aliases src. A declared payload over
// limit bytes is a [*ReplyLengthError]; limit 0 means no bound but the four
// bytes' own.
func DecodeReply(src []byte, limit int) (payload []byte, n int, err error) {
	if len(src) < ReplyHeadLen {
		return nil, 0, nil
	}
	size := binary.BigEndian.Uint32(src)
	if limit > 0 && uint64(size) > uint64(limit) {
		return nil, 0, &ReplyLengthError{Length: size, Limit: limit}
	}
	if uint64(len(src)-ReplyHeadLen) < uint64(size) {
		return nil, 0, nil
	}
	n = ReplyHeadLen + int(size)
	return src[ReplyHeadLen:n:n], n, nil
}
