package clientproto

import (
	"fmt"

	"github.com/klauspost/compress/flate"
)

// A Deflater compresses messages, each by itself, so that one compressed form is
// for every client that has negotiated it ([Request.NegotiateDeflate]). It has
// about a megabyte of memory and serves one goroutine.
//
// It is klauspost's, not the standard library's: at the same size of the result it
// takes a third of the time, which is time that other clients wait.
type Deflater struct {
	w   *flate.Writer
	out appender
}

type appender []byte

func (a *appender) Write(p []byte) (int, error) {
	*a = append(*a, p...)
	return len(p), nil
}

// NewDeflater returns a Deflater for a level from 1, the fastest, to 9.
func NewDeflater(level int) *Deflater {
	d := new(Deflater)
	w, err := flate.NewWriter(&d.out, level)
	if err != nil {
		panic(fmt.Sprintf("clientproto: %v", err))
	}
	d.w = w
	return d
}

// Append appends body compressed, as [Deflating] wants it.
func (d *Deflater) Append(dst, body []byte) []byte {
	d.out = dst
	d.w.Reset(&d.out)
	_, _ = d.w.Write(body) // an appender does not fail
	_ = d.w.Flush()
	dst, d.out = d.out, nil
	return dst[:len(dst)-len(deflateFlush)]
}

// AppendDeflated appends to dst the frame of a message that a [Deflater] has
// compressed.
func (c *websocket) AppendDeflated(dst, deflated []byte) []byte {
	return append(appendFrameHead(dst, fin|rsv1|c.opcode, len(deflated)), deflated...)
}

// Deflating is what a [Codec] is besides whose clients may negotiate compression.
type Deflating interface {
	AppendDeflated(dst, deflated []byte) []byte
}
