package register

import (
	"errors"
	"fmt"
	"strings"
)

// ErrServerClosed is returned by [Server.Serve] after Shutdown or Close.
var ErrServerClosed = errors.New("register: server closed")

// ErrLeft is returned by [Server.Serve] after another process has taken the
// server over.
var ErrLeft = errors.New("register: another process has taken over")

// ErrLineTooLong reports a line over the limit; the connection ends.
var ErrLineTooLong = errors.New("register: line too long")

// ErrSecretKey reports a Register that closed the connection at once, without an
// answer: that is all it does when the secret key is wrong, or the address is not of
// its [Options.Allow].
var ErrSecretKey = errors.New("closed at once without an answer: check that the secret key is the Register's, and that its allow list has this address")

// A ServerError is what went wrong with one Register.
type ServerError struct {
	Addr string // the register address
	// Err is why: ErrSecretKey, syscall.ECONNREFUSED or a *net.DNSError inside
	// a *net.OpError, or another error of the network.
	Err error
}

func (e *ServerError) Error() string { return fmt.Sprintf("register %s: %v", e.Addr, e.Err) }

// Unwrap returns Err.
func (e *ServerError) Unwrap() error { return e.Err }

// A LookupError says that no Register has sent a list of gateways. errors.Is and
// errors.As find the causes of all Registers.
type LookupError struct {
	Servers []*ServerError // in the order of ClientOptions.RegisterAddresses
	Err     error          // why the wait ended; nil if every Register failed
}

func (e *LookupError) Error() string {
	var texts []string
	for _, s := range e.Servers {
		texts = append(texts, fmt.Sprintf("%s: %v", s.Addr, s.Err))
	}
	if e.Err != nil {
		texts = append(texts, e.Err.Error())
	}
	return "register: no list of gateways: " + strings.Join(texts, "; ")
}

// Unwrap returns Servers and Err.
func (e *LookupError) Unwrap() []error {
	var errs []error
	for _, s := range e.Servers {
		errs = append(errs, s)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}

// errNoAnswerInTime ends a wait for a list after QueryTimeout.
var errNoAnswerInTime = errors.New("no answer in time")

// errRunEnded ends a wait for a list that cannot come any more.
var errRunEnded = errors.New("the Registers are not followed any more")
