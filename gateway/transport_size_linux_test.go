package gateway

import (
	"net/netip"
	"testing"
	"unsafe"
)

// TestIdleClientSize: an idle client on a poller is one object, and a plain one
// stays within Go's size class of 288 bytes.
func TestIdleClientSize(t *testing.T) {
	if size := unsafe.Sizeof(plainTransport{}); size > 288 {
		t.Errorf("a plain client has %d bytes", size)
	}
	if size := unsafe.Sizeof(tlsTransport{}); size > 416 {
		t.Errorf("a client under TLS has %d bytes, without its keys", size)
	}
	l := new(clientListener)
	if n := testing.AllocsPerRun(100, func() { kept = newPlainClient(l, netip.AddrPort{}, nil, -1) }); n != 1 {
		t.Errorf("a plain client takes %v allocations, want 1", n)
	}
}

// kept keeps the compiler from putting the client on the stack.
var kept *client
