//go:build !unix

package workerman

import (
	"errors"
	"net"
	"os"
)

// Asks returns what a signal asks for.
func (m *Master) Asks(os.Signal) Request { return Stop }

// Listen fails: nothing is handed over on this system.
func (m *Master) Listen(uint16) (net.Listener, error) {
	return nil, errors.New("no listening socket can be handed over on this system")
}

// SetTitle does nothing on this system.
func SetTitle(string) {}

// lock does nothing on this system.
func lock(*os.File) (unlock func(), err error) { return func() {}, nil }
