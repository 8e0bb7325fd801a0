package register

import "sync/atomic"

// Refusal is why a [Server] has ended a connection that a peer had opened.
type Refusal int

// The refusals. Their order is that of records between processes: new ones go to
// the end.
const (
	RefusedAddress      Refusal = iota // not of Options.Allow
	RefusedKey                         // the secret key is another one
	RefusedLine                        // not JSON, or without an event
	RefusedAnnouncement                // gateway_connect without an address, or with a bad one
	RefusedEvent                       // an event that no Register knows
	RefusedLongLine                    // a line of MaxPackageSize; before the key a shorter one
	RefusedSilence                     // no line with the key within AuthTimeout
	NumRefusals                        // how many there are
)

// String is the refusal's name in metrics.
func (r Refusal) String() string {
	return [NumRefusals]string{"not_allowed", "wrong_key", "bad_line", "bad_gateway_connect", "unknown_event", "long_line", "no_request"}[r]
}

// refused counts refusals.
type refused [NumRefusals]atomic.Uint64

func (r *refused) counts() (n [NumRefusals]uint64) {
	for why := range n {
		n[why] = r[why].Load()
	}
	return n
}
