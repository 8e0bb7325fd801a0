package gateway

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"sync"
)

// wsWindow is how far a deflated message may refer back.
const wsWindow = 32 << 10

// wsDeflateTail completes a message that a sender flushed as RFC 7692 section
// 7.2.1 says (it leaves out 00 00 ff ff), and ends the stream.
const wsDeflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

var wsInflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// wsInflate returns message inflated. As in PHP the deflate context is kept
// from message to message: here as the last bytes inflated, so that an idle
// client keeps no inflater.
func (half *codecHalf) wsInflate(message []byte) ([]byte, error) {
	if len(message) == 0 {
		return message, nil // not even the byte that an empty message has
	}
	src := io.MultiReader(bytes.NewReader(message), bytes.NewReader([]byte(wsDeflateTail)))
	inflater := wsInflaters.Get().(io.ReadCloser)
	defer func() {
		// It must not hold on to the message or the window.
		_ = inflater.(flate.Resetter).Reset(nil, nil)
		wsInflaters.Put(inflater)
	}()
	if err := inflater.(flate.Resetter).Reset(src, half.window); err != nil {
		return nil, fmt.Errorf("websocket: inflate: %w", err)
	}
	var out bytes.Buffer
	n, err := out.ReadFrom(io.LimitReader(inflater, maxPackageSize+1))
	if err != nil {
		return nil, fmt.Errorf("websocket: inflate: %w", err)
	}
	if n > maxPackageSize {
		return nil, fmt.Errorf("websocket: message inflates to more than %d bytes", maxPackageSize)
	}
	inflated := out.Bytes()
	if len(inflated) >= wsWindow {
		half.window = append(half.window[:0], inflated[len(inflated)-wsWindow:]...)
	} else {
		if drop := len(half.window) + len(inflated) - wsWindow; drop > 0 {
			half.window = append(half.window[:0], half.window[drop:]...)
		}
		half.window = append(half.window, inflated...)
	}
	return inflated, nil
}
