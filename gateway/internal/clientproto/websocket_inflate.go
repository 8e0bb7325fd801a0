package clientproto

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// inflateWindow is how far a deflated message may refer back.
const inflateWindow = 32 << 10

const (
	// deflateFlush completes a message that a sender flushed as RFC 7692 section
	// 7.2.1 says: it leaves this out.
	deflateFlush = "\x00\x00\xff\xff"
	// deflateEnd ends the stream, so that the end of a message can be told from one
	// that is missing.
	deflateEnd = "\x01\x00\x00\xff\xff"
)

var errTorn = errors.New("websocket: inflate: the message before did not end with a flush")

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflate returns message inflated, which has at most limit bytes, and fewer if
// the client's budget does not reach. As in PHP the deflate context is kept from
// message to message: here as the last bytes inflated, so that an idle client
// keeps no inflater.
//
// Also as in PHP, of a message that does not end with a flush that is delivered
// which can be read. What the next one means nobody knows then.
func (x *extra) inflate(message []byte, limit int, now time.Time) ([]byte, error) {
	if len(message) == 0 {
		return message, nil // not even the byte that an empty message has
	}
	if x.torn {
		return nil, errTorn
	}
	affordable := x.budget.limit(len(message), now)
	bound := min(limit, affordable)
	inflated, err := x.read(&deflated{message: message, tail: deflateFlush + deflateEnd}, bound)
	if err != nil && len(inflated) <= bound {
		if inflated, err = x.read(&deflated{message: message, tail: deflateFlush}, bound); errors.Is(err, io.ErrUnexpectedEOF) {
			x.torn, err = true, nil
		}
	}
	switch {
	case len(inflated) > bound && bound < limit:
		return nil, fmt.Errorf("%w: %d bytes to more than %d", ErrInflateBudget, len(message), bound)
	case len(inflated) > bound:
		return nil, fmt.Errorf("websocket: message inflates to more than %d bytes%w", limit, ErrTooLong)
	case err != nil:
		return nil, fmt.Errorf("websocket: inflate: %w", err)
	}
	x.budget.pay(len(message), len(inflated))
	x.slide(inflated)
	return inflated, nil
}

// read inflates src to at most bound bytes, and one more if there are more.
func (x *extra) read(src *deflated, bound int) ([]byte, error) {
	inflater := inflaters.Get().(io.ReadCloser)
	defer func() {
		// It must not hold on to the message or the window.
		_ = inflater.(flate.Resetter).Reset(nil, nil)
		inflaters.Put(inflater)
	}()
	if err := inflater.(flate.Resetter).Reset(src, x.window); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err := out.ReadFrom(io.LimitReader(inflater, int64(bound)+1))
	return out.Bytes(), err
}

// slide makes the window end with what was inflated.
func (x *extra) slide(inflated []byte) {
	if len(inflated) >= inflateWindow {
		x.window = append(x.window[:0], inflated[len(inflated)-inflateWindow:]...)
		return
	}
	if drop := len(x.window) + len(inflated) - inflateWindow; drop > 0 {
		x.window = append(x.window[:0], x.window[drop:]...)
	}
	x.window = append(x.window, inflated...)
}

// deflated is a message and what completes it, read byte by byte: of an
// io.Reader alone, the inflater would make itself a buffer for each message.
type deflated struct {
	message []byte
	tail    string
}

var _ flate.Reader = (*deflated)(nil)

func (d *deflated) ReadByte() (byte, error) {
	if len(d.message) > 0 {
		b := d.message[0]
		d.message = d.message[1:]
		return b, nil
	}
	if len(d.tail) > 0 {
		b := d.tail[0]
		d.tail = d.tail[1:]
		return b, nil
	}
	return 0, io.EOF
}

func (d *deflated) Read(p []byte) (int, error) {
	n := copy(p, d.message)
	d.message = d.message[n:]
	m := copy(p[n:], d.tail)
	d.tail = d.tail[m:]
	if n+m == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n + m, nil
}
