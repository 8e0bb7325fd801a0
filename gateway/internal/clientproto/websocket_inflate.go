package clientproto

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"
)

// inflateWindow is how far a deflated message may refer back.
const inflateWindow = 32 << 10

// deflateTail completes a message that a sender flushed as RFC 7692 section
// 7.2.1 says (it leaves out 00 00 ff ff), and ends the stream.
const deflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflate returns message inflated, which has at most limit bytes. As in PHP
// the deflate context is kept from message to message: here as the last bytes
// inflated, so that an idle client keeps no inflater.
func (x *extra) inflate(message []byte, limit int) ([]byte, error) {
	if len(message) == 0 {
		return message, nil // not even the byte that an empty message has
	}
	src := io.MultiReader(bytes.NewReader(message), bytes.NewReader([]byte(deflateTail)))
	inflater := inflaters.Get().(io.ReadCloser)
	defer func() {
		// It must not hold on to the message or the window.
		_ = inflater.(flate.Resetter).Reset(nil, nil)
		inflaters.Put(inflater)
	}()
	if err := inflater.(flate.Resetter).Reset(src, x.window); err != nil {
		return nil, fmt.Errorf("websocket: inflate: %w", err)
	}
	var out bytes.Buffer
	n, err := out.ReadFrom(io.LimitReader(inflater, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("websocket: inflate: %w", err)
	}
	if n > int64(limit) {
		return nil, fmt.Errorf("websocket: message inflates to more than %d bytes", limit)
	}
	inflated := out.Bytes()
	if len(inflated) >= inflateWindow {
		x.window = append(x.window[:0], inflated[len(inflated)-inflateWindow:]...)
	} else {
		if drop := len(x.window) + len(inflated) - inflateWindow; drop > 0 {
			x.window = append(x.window[:0], x.window[drop:]...)
		}
		x.window = append(x.window, inflated...)
	}
	return inflated, nil
}
