package clientproto

// tcpMaxMessage is the most that PHP reads at once from a client
// (TcpConnection::READ_BUFFER_SIZE).
const tcpMaxMessage = 87380

// tcp has no framing: what a read brings is a message. Read buffers larger than
// PHP's give several messages, none longer than PHP's.
type tcp struct{}

func (tcp) Handshakes() bool { return false }

func (tcp) Decode(_ *State, buf []byte, h Handler) (int, error) {
	for off := 0; off < len(buf) && !h.Closing(); {
		end := min(off+tcpMaxMessage, len(buf))
		h.Message(buf[off:end:end])
		off = end
	}
	return len(buf), nil
}

func (tcp) AppendMessage(dst, body []byte) []byte { return append(dst, body...) }
