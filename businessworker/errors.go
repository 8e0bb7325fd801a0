package businessworker

import (
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

var (
	// ErrWorkerClosed says that the Worker was stopped.
	ErrWorkerClosed = errors.New("businessworker: worker closed")

	// ErrLeft is returned by Run after another process has taken the worker over.
	ErrLeft = errors.New("businessworker: another process has taken over")

	// ErrSendBufferFull says that a gateway does not read what it is sent: the
	// frame was refused because Options.SendToGatewayBufferSize bytes were still
	// waiting after Options.SendTimeout. See [Stats.Refused].
	ErrSendBufferFull = gatewayclient.ErrSendBufferFull
)

// A StopError says that a graceful stop was cut short.
type StopError struct {
	Events int   // events that were received and not, or not completely, handled
	Err    error // why: usually context.DeadlineExceeded
}

func (e *StopError) Error() string {
	return fmt.Sprintf("businessworker: stopped with %d events unfinished: %v", e.Events, e.Err)
}

// Unwrap returns Err.
func (e *StopError) Unwrap() error { return e.Err }
