package clientproto

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/klauspost/compress/flate"
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

// maxDeflateEnds is how often the stream may end within a message of a client that
// has negotiated compression (RFC 7692 section 7.2.3.4). Each time costs as much as
// some kilobytes do.
const maxDeflateEnds = 64

var (
	errTorn        = errors.New("websocket: inflate: the message before did not end with a flush")
	errDeflateEnds = fmt.Errorf("the stream ends more than %d times", maxDeflateEnds)
)

// inflated takes a whole message that was sent compressed. private says that it is
// not part of the buffer given to Decode.
//
// Of a client that has not negotiated it, the context is kept from message to
// message, as in PHP. One that has negotiated it compresses each message by itself,
// and nothing is kept but the budget that it has used.
func (c *websocket) inflated(st *State, message []byte, private bool, h Handler) error {
	if c.aside(st, message, private, h) {
		return errAside
	}
	var x extra
	if st.extra != nil {
		x = *st.extra
	}
	in := inflaters.Get().(*inflater)
	defer in.release()
	inflated, err := in.message(&x, message, c.max, c.now, st.deflate)
	if err != nil {
		return err
	}
	x.collected, x.begun, x.deflated = nil, false, false
	if st.extra != nil {
		*st.extra = x
	} else if x.needed() {
		kept := x
		st.extra = &kept
	}
	st.drop()
	h.Inflated(len(message), len(inflated))
	h.Message(inflated)
	return nil
}

// inflater is what it takes to inflate one message. None belongs to a client: an
// idle client keeps the last bytes inflated at most.
type inflater struct {
	r   io.ReadCloser
	src bytes.Reader // of joined: the one kind of reader that flate is quick with
	out []byte

	joined []byte // a message and what completes it
}

var inflaters = sync.Pool{New: func() any {
	in := new(inflater)
	in.r = flate.NewReader(&in.src)
	return in
}}

// keepInflated is the largest buffer that an inflater keeps for the next message.
const keepInflated = 64 << 10

// release gives the inflater back. Of the message and the window it has copies.
func (in *inflater) release() {
	in.src.Reset(nil)
	if cap(in.out) > keepInflated {
		in.out = nil
	}
	if cap(in.joined) > keepInflated {
		in.joined = nil
	}
	inflaters.Put(in)
}

// message returns message inflated, which has at most limit bytes, and fewer if
// the client's budget does not reach. It is valid until release. whole says that
// the message was compressed by itself.
//
// Otherwise it is as in PHP, too, that of a message that does not end with a flush
// that is delivered which can be read. What the next one means nobody knows then.
func (in *inflater) message(x *extra, message []byte, limit int, clock func() time.Time, whole bool) ([]byte, error) {
	if len(message) == 0 {
		return message, nil // not even the byte that an empty message has
	}
	if x.torn {
		return nil, errTorn
	}
	bound := min(limit, x.budget.limit(len(message), clock))
	err := in.read(message, deflateFlush+deflateEnd, x.window, bound, whole)
	if !whole && err != nil && len(in.out) <= bound {
		err = in.read(message, deflateFlush, x.window, bound, false)
		if errors.Is(err, io.ErrUnexpectedEOF) {
			x.torn, err = true, nil
		}
	}
	switch code := uint16(0); {
	case len(in.out) > bound && bound < limit:
		if whole {
			code = ClosePolicy
		}
		return nil, closeWith(code, fmt.Errorf("%w: %d bytes to more than %d", ErrInflateBudget, len(message), bound))
	case len(in.out) > bound:
		if whole {
			code = CloseTooBig
		}
		return nil, closeWith(code, fmt.Errorf("websocket: message inflates to more than %d bytes%w", limit, ErrTooLong))
	case err != nil:
		if whole {
			code = CloseBadData
		}
		return nil, closeWith(code, fmt.Errorf("websocket: inflate: %w", err))
	}
	x.budget.pay(len(message), len(in.out), clock)
	if !whole {
		x.slide(in.out)
	}
	return in.out, nil
}

// read inflates message, which tail completes, into out: at most bound bytes, and one
// more if there are more. With ends, what follows an end of the stream is the
// message's, too.
func (in *inflater) read(message []byte, tail string, window []byte, bound int, ends bool) error {
	in.joined = append(append(in.joined[:0], message...), tail...)
	in.src.Reset(in.joined)
	in.out = in.out[:0]
	for range maxDeflateEnds {
		if err := in.r.(flate.Resetter).Reset(&in.src, window); err != nil {
			return err
		}
		if err := in.fill(bound + 1); err != nil || len(in.out) > bound {
			return err
		}
		if !ends || in.src.Len() <= len(tail) {
			return nil
		}
		window = in.out[max(0, len(in.out)-inflateWindow):]
	}
	return errDeflateEnds
}

// fill reads to the end of the stream, or until out has size bytes.
func (in *inflater) fill(size int) error {
	for len(in.out) < size {
		if len(in.out) == cap(in.out) {
			grown := make([]byte, len(in.out), min(max(512, 2*cap(in.out)), size))
			copy(grown, in.out)
			in.out = grown
		}
		n, err := in.r.Read(in.out[len(in.out):min(cap(in.out), size)])
		in.out = in.out[:len(in.out)+n]
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// needed reports whether there is something that the messages that come need.
func (x *extra) needed() bool { return x.window != nil || x.torn || x.budget.used > 0 }

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
