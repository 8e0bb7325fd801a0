package tlswire

import (
	"net"
	"os"
	"time"
)

// Peer is where a [Wire] writes to, and whose addresses it has.
type Peer interface {
	// Write takes a record that crypto/tls has made. It must not wait: what the
	// kernel does not take goes out later. crypto/tls writes one record at a
	// time, and their order must be kept.
	Write(record []byte) (int, error)
	LocalAddr() net.Addr
	RemoteAddr() net.Addr
}

// Wire is the [net.Conn] that crypto/tls gets. Its methods are for crypto/tls,
// except [Wire.Hand] and [Wire.Left], which belong to the goroutine that reads.
type Wire struct {
	// Peer is set once, before crypto/tls has the wire.
	Peer Peer

	// Wait is called in place of returning ErrLater: it waits for bytes of the
	// peer and puts some into p, as a Read does. It may hand bytes in and read
	// them from the wire. It is set for the time of the handshake.
	Wait func(p []byte) (int, error)

	in      []byte // handed in, not yet taken by crypto/tls
	records records
}

// Hand sets the bytes that were received, of which the wire keeps no copy. All
// bytes handed in before must have been taken.
func (w *Wire) Hand(in []byte) { w.in = in }

// Left is what crypto/tls has not yet taken of the bytes that were handed in.
func (w *Wire) Left() []byte { return w.in }

// Read gives what was handed in, never more than the rest of a record, unless
// that leaves crypto/tls the room it wants.
func (w *Wire) Read(p []byte) (int, error) {
	if len(w.in) == 0 {
		if w.Wait != nil {
			return w.Wait(p)
		}
		return 0, ErrLater
	}
	n := copy(p, w.in[:w.records.next(w.in, len(p))])
	w.in = w.in[n:]
	return n, nil
}

// Write passes a record to the peer.
func (w *Wire) Write(p []byte) (int, error) { return w.Peer.Write(p) }

// Close does nothing: the caller closes the socket when crypto/tls is through.
func (w *Wire) Close() error { return nil }

// LocalAddr and RemoteAddr are for the functions in a user's tls.Config.
func (w *Wire) LocalAddr() net.Addr { return w.Peer.LocalAddr() }

// RemoteAddr is the peer's address.
func (w *Wire) RemoteAddr() net.Addr { return w.Peer.RemoteAddr() }

// SetDeadline and its like report that there are no deadlines: nothing waits
// here that one could end.
func (w *Wire) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is as SetDeadline.
func (w *Wire) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is as SetDeadline.
func (w *Wire) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// ErrLater is what crypto/tls returns when there are no more bytes for now. Its
// connection works on after an error that says it is temporary.
var ErrLater net.Error = laterError{}

type laterError struct{}

func (laterError) Error() string   { return "tlswire: nothing more for now" }
func (laterError) Timeout() bool   { return true }
func (laterError) Temporary() bool { return true }
