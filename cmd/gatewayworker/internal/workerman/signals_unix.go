//go:build unix

package workerman

import (
	"os"
	"syscall"
)

// Asks returns what a signal asks a child for. (PHP: signalHandler,
// reinstallSignal.)
func (m *Master) Asks(s os.Signal) Request {
	switch s {
	case syscall.SIGTERM:
		if m.four() { // its children ignore it
			return Nothing
		}
		return Stop
	case syscall.SIGINT, syscall.SIGHUP, syscall.SIGTSTP:
		return Stop
	case syscall.SIGQUIT:
		return StopGracefully
	case syscall.SIGUSR1:
		if m.Reloadable {
			return Stop
		}
		return Reload
	case syscall.SIGUSR2:
		if m.Reloadable {
			return StopGracefully
		}
		return Reload
	case syscall.SIGABRT: // SIGIOT
		return Status
	case syscall.SIGIO:
		return Connections
	}
	return Nothing
}
