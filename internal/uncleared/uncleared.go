// Package uncleared makes memory for bytes that are about to be received. Go clears
// what it gives out, which takes a millisecond for every five megabytes: others wait
// meanwhile for a connection that reads a long message.
//
// It never knows what the bytes are for. Who reads memory of it before writing there
// reads what anybody has left.
package uncleared

import (
	"strings"
	"unsafe"
)

// Bytes returns n bytes that hold anything.
func Bytes(n int) []byte {
	if n == 0 {
		return nil
	}
	var b strings.Builder
	b.Grow(n) // does not clear: what is written next is all that can be read
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)
}
