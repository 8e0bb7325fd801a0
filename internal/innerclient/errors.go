package innerclient

import "errors"

// The errors of package gatewayclient that are made here; their meaning is
// written there.
var (
	ErrClosed         = errors.New("gatewayclient: closed")
	ErrUnknownGateway = errors.New("gatewayclient: gateway is not in the cluster")
	ErrUnreachable    = errors.New("gatewayclient: gateway cannot be reached")
	ErrNoReply        = errors.New("gatewayclient: no reply")
)

// errWouldBlock says that a connection has to be waited for.
var errWouldBlock = errors.New("gatewayclient: would block")

// An unreachableError is an [ErrUnreachable] with its cause.
type unreachableError struct{ err error }

func (e *unreachableError) Error() string { return "cannot connect: " + e.err.Error() }

func (e *unreachableError) Unwrap() []error { return []error{ErrUnreachable, e.err} }
