package register

import (
	"bytes"
	"io"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// lineReader reads lines that end with "\n" and are shorter than max. Its
// buffer grows with what has arrived, not with what might.
type lineReader struct {
	r          io.Reader
	max        int
	buf        []byte
	start, end int // buf[start:end] is read but not handed out
}

const (
	minLineBuffer  = 512
	keepLineBuffer = 64 << 10 // a larger one is given back when it is empty
)

func newLineReader(r io.Reader, max int) *lineReader { return &lineReader{r: r, max: max} }

// unread returns what next has read of a line that is not whole yet.
func (l *lineReader) unread() []byte { return l.buf[l.start:l.end] }

// restore has next go on behind what another reader has read.
func (l *lineReader) restore(unread []byte) { l.buf, l.start, l.end = unread, 0, len(unread) }

// next returns the next line without its end. It is valid until the next call.
// A line without an end counts for nothing: it is the reader's error, or
// ErrLineTooLong as soon as max bytes of it are there.
func (l *lineReader) next() ([]byte, error) {
	scanned := 0
	for {
		if n := bytes.IndexByte(l.buf[l.start+scanned:l.end], '\n'); n >= 0 {
			n += scanned + 1
			if n >= l.max {
				return nil, ErrLineTooLong
			}
			line := l.buf[l.start : l.start+n]
			l.start += n
			return gatewayprotocol.TrimLine(line), nil
		}
		scanned = l.end - l.start
		if scanned >= l.max {
			return nil, ErrLineTooLong
		}
		if err := l.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads once, making room first.
func (l *lineReader) fill() error {
	if l.start == l.end {
		l.start, l.end = 0, 0
		if len(l.buf) > keepLineBuffer {
			l.buf = nil
		}
	}
	if l.end == len(l.buf) {
		held := l.buf[l.start:l.end]
		if 2*len(held) > len(l.buf) || len(l.buf) == 0 {
			l.buf = make([]byte, min(max(minLineBuffer, 2*len(l.buf)), l.max))
		}
		l.start, l.end = 0, copy(l.buf, held)
	}
	n, err := l.r.Read(l.buf[l.end:])
	l.end += n
	if n > 0 {
		return nil // an error will come again
	}
	return err
}
