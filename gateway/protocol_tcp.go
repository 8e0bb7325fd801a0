package gateway

// tcpMaxMessage is the most that PHP reads at once from a client
// (TcpConnection::READ_BUFFER_SIZE).
const tcpMaxMessage = 87380

// tcpCodec has no framing: what a read brings is a message. Read buffers larger
// than PHP's give several messages, none longer than PHP's.
type tcpCodec struct{}

func (tcpCodec) decode(_ *codecState, buf []byte, h codecHandler) (int, error) {
	for off := 0; off < len(buf) && !h.closing(); {
		end := min(off+tcpMaxMessage, len(buf))
		h.message(buf[off:end:end])
		off = end
	}
	return len(buf), nil
}

func (tcpCodec) appendMessage(dst, body []byte) []byte {
	return append(dst, body...)
}
