//go:build unix && !linux

package workerman

// SetTitle does nothing on this system.
func SetTitle(string) {}
