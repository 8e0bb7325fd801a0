package register

import (
	"errors"
	"fmt"
)

// ErrServerClosed is returned by [Server.Serve] after Shutdown or Close.
var ErrServerClosed = errors.New("register: server closed")

// ErrLineTooLong reports a line over the limit; the connection ends.
var ErrLineTooLong = errors.New("register: line too long")

// ErrNoAnswer reports a Register that closed the connection without a list, as
// it does when the secret key is wrong.
var ErrNoAnswer = errors.New("register: closed without an answer: wrong secret key?")

// ErrNoRegister reports options that name no Register.
var ErrNoRegister = errors.New("register: no register address given")

// ServerError tells which Register an error is about.
type ServerError struct {
	Addr string // the register address
	Err  error
}

func (e *ServerError) Error() string { return fmt.Sprintf("register %s: %v", e.Addr, e.Err) }

func (e *ServerError) Unwrap() error { return e.Err }
