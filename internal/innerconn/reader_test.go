package innerconn

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// TestReader: everything arrives, in order, then the end; on a socket and on
// what is none.
func TestReader(t *testing.T) {
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"socket":    func(c net.Conn) net.Conn { return c },
		"no socket": func(c net.Conn) net.Conn { return struct{ *net.TCPConn }{c.(*net.TCPConn)} }, // it could have its own Read
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t)
			want := bytes.Repeat([]byte("0123456789"), 100_000)
			go func() {
				for part := range bytes.SplitAfterSeq(want, []byte("9")) {
					b.Write(part)
				}
				b.Close()
			}()
			a.SetDeadline(time.Now().Add(patience))
			r := NewReader(wrap(a))
			var got []byte
			buf := make([]byte, 1000)
			for {
				n, err := r.Read(buf)
				got = append(got, buf[:n]...)
				if err == io.EOF {
					break
				}
				if err != nil || n == 0 {
					t.Fatalf("after %d bytes: %d, %v", len(got), n, err)
				}
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes, not what was sent (%d bytes)", len(got), len(want))
			}
		})
	}
}

// TestReaderOfClosedConnection: a waiting read ends when the connection is closed
// on this side.
func TestReaderOfClosedConnection(t *testing.T) {
	a, _ := pair(t)
	done := make(chan error, 1)
	r := NewReader(a)
	go func() {
		_, err := r.Read(make([]byte, 10))
		done <- err
	}()
	a.Close()
	select {
	case err := <-done:
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("error %v, want net.ErrClosed", err)
		}
	case <-time.After(patience):
		t.Fatal("Read does not return")
	}
}
