package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/klauspost/compress/flate"
)

// deflateBit is RSV1 in the first byte of a frame: the message is compressed.
const deflateBit = 0x40

// deflateRequest is upgradeRequest with an offer of compression.
var deflateRequest = upgradeRequest[:len(upgradeRequest)-2] + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"

var errNoCompression = errors.New("the gateway does not compress: it wants --compression")

// packer is the client's side of permessage-deflate, each message by itself. It
// serves all clients of a run, one after the other.
type packer struct {
	w   *flate.Writer
	out bytes.Buffer
	r   io.ReadCloser
	src bytes.Buffer
	in  bytes.Buffer
}

const (
	deflateFlush = "\x00\x00\xff\xff"
	deflateEnd   = "\x01\x00\x00\xff\xff"
)

func newPacker() *packer {
	p := new(packer)
	p.w, _ = flate.NewWriter(&p.out, flate.BestSpeed)
	p.r = flate.NewReader(&p.src)
	return p
}

// deflate returns payload compressed, valid until the next call.
func (p *packer) deflate(payload []byte) []byte {
	p.out.Reset()
	p.w.Reset(&p.out)
	_, _ = p.w.Write(payload)
	_ = p.w.Flush()
	return bytes.TrimSuffix(p.out.Bytes(), []byte(deflateFlush))
}

// inflate is the inverse.
func (p *packer) inflate(payload []byte) ([]byte, error) {
	p.src.Reset()
	p.src.Write(payload)
	p.src.WriteString(deflateFlush + deflateEnd)
	p.in.Reset()
	if err := p.r.(flate.Resetter).Reset(&p.src, nil); err != nil {
		return nil, err
	}
	if _, err := p.in.ReadFrom(io.LimitReader(p.r, maxMessage)); err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	return p.in.Bytes(), nil
}

// fill fills a message behind its head: with dots, or with JSON as chats send it,
// for what is to be compressed.
func fill(message []byte, json bool) {
	rest := message[payloadHeadLen:]
	if !json {
		for i := range rest {
			rest[i] = '.'
		}
		return
	}
	words := []string{"meeting", "was", "moved", "to", "noon", "because", "Anna", "is", "late", "please", "read", "what", "she", "wrote", "and", "tell", "me", "if", "it", "works"}
	var text []byte
	for n := uint32(1); len(text) < len(rest); {
		text = append(text, `{"type":"say","from_client_id":"7f000001`...)
		text = strconv.AppendUint(text, uint64(n*2654435761), 16)
		text = append(text, `","time":"2026-11-21 12:`...)
		text = strconv.AppendUint(text, uint64(n%60), 10)
		text = append(text, `","content":"`...)
		for range 9 {
			n = n*1103515245 + 12345
			text = append(append(text, words[n>>16%uint32(len(words))]...), ' ')
		}
		text = append(text, `"},`...)
	}
	copy(rest, text)
}
