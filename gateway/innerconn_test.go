package gateway

import (
	"testing"
	"unsafe"
)

// TestKeepLongFrame: what is there of a long frame stays in place when another
// piece has come, however small the pieces are.
func TestKeepLongFrame(t *testing.T) {
	ic := &innerConn{unread: make([]byte, 2*innerKeep)}
	before := unsafe.SliceData(ic.unread)
	ic.keep(ic.unread, true)
	if unsafe.SliceData(ic.unread) != before || len(ic.unread) != 2*innerKeep {
		t.Error("the frame was copied")
	}
	ic.keep(ic.unread[1:], true)
	if unsafe.SliceData(ic.unread) == before || len(ic.unread) != 2*innerKeep-1 {
		t.Error("the rest keeps a large buffer")
	}
}
