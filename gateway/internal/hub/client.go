package hub

import "sync/atomic"

// Client is the hub's part of a client, to be embedded in it. A client is bound
// to at most one uid and may be in any number of groups.
//
// The fields are guarded by [Hub.Mu], but for the session.
type Client struct {
	id uint32 // connection id
	at uint32 // place in Hub.order

	// uid is the uid that the client is bound to, "" for none (PHP's null). The
	// clients of a uid form a ring in order of binding.
	uid              string
	uidPrev, uidNext *Client

	memberships memberships

	session atomic.Pointer[byte] // nil is an empty one; see Session

	// Owner is the client that this is a part of. It is set before the client
	// is added and never changed.
	Owner any
}

// ID returns the connection id, 0 before the client was added. It stays when the
// client is removed.
func (c *Client) ID() uint32 { return c.id }

// UIDLocked returns the uid that the client is bound to, "" for none.
func (c *Client) UIDLocked() string { return c.uid }
