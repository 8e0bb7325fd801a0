package hub

import (
	"encoding/binary"
	"unsafe"
)

// A session is kept in one piece of memory, its length in front of its bytes, and
// is replaced whole. So one pointer is all that changes, which is read without a
// lock, and a client without a session has 8 bytes for it, not 24.

const sessionHead = 8 // bytes of the length

// Session returns the client's session, nil for an empty one. It is opaque bytes
// to the hub, and must not be modified. No lock is needed.
func (c *Client) Session() []byte {
	p := c.session.Load()
	if p == nil {
		return nil
	}
	n := binary.NativeEndian.Uint64(unsafe.Slice(p, sessionHead))
	return unsafe.Slice(p, sessionHead+int(n))[sessionHead:]
}

// SetSessionLocked replaces the session of c by a copy of session.
func (h *Hub) SetSessionLocked(c *Client, session []byte) {
	if len(session) == 0 {
		c.session.Store(nil)
		return
	}
	b := make([]byte, sessionHead+len(session))
	binary.NativeEndian.PutUint64(b, uint64(len(session)))
	copy(b[sessionHead:], session)
	c.session.Store(unsafe.SliceData(b))
}
