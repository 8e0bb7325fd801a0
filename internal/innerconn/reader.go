package innerconn

import (
	"io"
	"net"
)

// A Reader reads one connection. It is for one goroutine at a time.
type Reader struct {
	conn net.Conn
	wait func(b []byte) (int, error) // reads at the price of the system call alone; nil where that is not possible
}

// NewReader returns a Reader of conn.
func NewReader(conn net.Conn) *Reader {
	return &Reader{conn: conn, wait: socketReader(conn)}
}

// Read reads what is there, and waits while nothing is.
func (r *Reader) Read(b []byte) (int, error) {
	if r.wait == nil || len(b) == 0 {
		return r.conn.Read(b)
	}
	n, err := r.wait(b)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}
