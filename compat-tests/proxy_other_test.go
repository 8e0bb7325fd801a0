//go:build !linux

package compattests

import "errors"

// proxy records PHP's workers and libraries on Linux only; recordings play everywhere.
type proxy struct{}

func newProxy(func()) (*proxy, error) {
	return nil, errors.New("PHP workers and libraries are recorded on Linux only")
}

func (*proxy) listen(string, string, string) error { panic("no proxy") }
func (*proxy) serve()                              {}
func (*proxy) settle()                             {}
func (*proxy) close()                              {}
func (*proxy) take() []proxyEvent                  { return nil }
