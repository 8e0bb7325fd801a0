//go:build !linux

package admin

import "runtime"

// residentMemory returns the memory that Go has taken from the system.
func residentMemory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}
