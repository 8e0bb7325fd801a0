package netloop

import "errors"

var (
	// ErrAgain reports that the kernel has nothing to read, or no room to write.
	ErrAgain = errors.New("netloop: would block")
	// ErrClosed reports a call on a descriptor that was closed.
	ErrClosed = errors.New("netloop: closed")
	// ErrRefused reports a connection that was closed at once because the
	// process or the system has no more descriptors.
	ErrRefused = errors.New("too many open files, connection refused")
)

// MaxPieces is the most pieces that one Writev takes (UIO_MAXIOV).
const MaxPieces = 1024
