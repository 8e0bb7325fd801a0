//go:build !linux

package admin

import "runtime"

// ResidentMemory returns the memory that Go has taken from the system; only this
// process's is known.
func ResidentMemory(int) uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}
