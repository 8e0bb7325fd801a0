package innerconn

import (
	"errors"
	"fmt"
)

// ErrBufferFull says that a frame was refused, and is lost, because as many
// bytes as the bound allows already wait for a gateway that does not read them.
// PHP drops the frame at this bound and its caller gets no error
// (TcpConnection::send, sendToGatewayBufferSize).
var ErrBufferFull = errors.New("send buffer full")

// ErrClosed says that the connection was closed by this side.
var ErrClosed = errors.New("connection closed")

// A LostError reports a connection that broke with bytes still waiting to be
// written.
type LostError struct {
	Bytes int   // bytes that the operating system did not take
	Err   error // why the connection broke
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%v (%d bytes were not sent)", e.Err, e.Bytes)
}

// Unwrap returns Err.
func (e *LostError) Unwrap() error { return e.Err }
