package gateway

import (
	"net/netip"
	"sync"
)

// Stand-ins until client.go and inner.go are there.

type client struct {
	hubFields
	mu sync.Mutex // guards session (with hub.mu) and more
}

type innerConn struct {
	authorized bool
	remote     netip.AddrPort
	remoteIP   string
}
