package innerclient

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// replyAtOnce is the most memory that is taken for an answer before bytes of it
// have arrived.
const replyAtOnce = 64 << 10

// readReply reads one answer. Memory is taken as the bytes arrive, not as the
// length in front of them declares.
func readReply(br *bufio.Reader, limit int) ([]byte, error) {
	var head [gatewayprotocol.ReplyHeadLen]byte
	if _, err := io.ReadFull(br, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if uint64(size) > uint64(limit) {
		return nil, &gatewayprotocol.ReplyLengthError{Length: size, Limit: limit}
	}
	payload := make([]byte, 0, min(int(size), replyAtOnce))
	for len(payload) < int(size) {
		if len(payload) == cap(payload) {
			grown := make([]byte, len(payload), min(int(size), 2*cap(payload)))
			copy(grown, payload)
			payload = grown
		}
		n, err := io.ReadFull(br, payload[len(payload):cap(payload)])
		payload = payload[:len(payload)+n]
		if err != nil {
			return nil, fmt.Errorf("reply cut short: %w", err)
		}
	}
	return payload, nil
}

// A countingReader counts what it reads.
type countingReader struct {
	r net.Conn
	n *atomic.Uint64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n.Add(uint64(n))
	return n, err
}
