package main

import "errors"

// Exit codes. 0 is success; for a command that serves, a stop in good order.
const (
	exitFailure    = 1 // it failed
	exitUsage      = 2 // the command line is wrong; nothing was done
	exitOffline    = 3 // client: a client or uid is not online
	exitPartial    = 4 // client, status: some gateways did not answer
	exitUnfinished = 5 // a stop was cut short, not everything was sent
	exitUnexpected = 6 // connect: what was expected did not come
)

// codedError is an error with an exit code.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string { return e.err.Error() }
func (e *codedError) Unwrap() error { return e.err }
func (e *codedError) ExitCode() int { return e.code }

func usageFault(text string) error { return &codedError{exitUsage, errors.New(text)} }

func offline(text string) error { return &codedError{exitOffline, errors.New(text)} }
