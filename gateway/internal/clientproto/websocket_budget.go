package clientproto

import (
	"errors"
	"time"
)

// Why a client that sends compressed frames is disconnected.
var (
	// ErrUnnegotiated says that a client compresses without having asked
	// ([Options.RefuseUnnegotiated]).
	ErrUnnegotiated = errors.New("websocket: compressed frame, which was not negotiated")
	// ErrInflateBudget says that a client's messages inflate to more than is good
	// for others.
	ErrInflateBudget = errors.New("websocket: the client's messages inflate to too much")
)

const (
	// inflateFree is how many times longer than what was sent a message may become
	// without touching the budget. Text becomes 3 to 20 times longer, a bomb 1,000
	// times.
	inflateFree = 32
	// inflateBurst is the budget of a client that has not used it for a second,
	// and of a new one: who comes back for each bomb gains little.
	inflateBurst = 256 << 10
	// inflateRate is what comes back in a second. Clients that send what they sent
	// before, again and again, need it: that takes a few bytes.
	inflateRate = 256 << 10
)

// inflateBudget is what a client's deflated messages may inflate to: without it,
// a few KB a second from one client fill the buffer of a worker, and others lose
// messages. Its zero value is that of a client without such messages.
type inflateBudget struct {
	used int64     // of inflateBurst, at the time
	at   time.Time // of the last message
}

// limit returns how long a message that was sent as size bytes may become. The time
// is asked for only if that depends on it.
func (b *inflateBudget) limit(size int, clock func() time.Time) int {
	if b.used == 0 {
		return inflateFree*size + inflateBurst
	}
	now := clock()
	back := int64(inflateBurst)
	if passed := now.Sub(b.at); passed < time.Second {
		back = int64(max(0, passed)) * inflateRate / int64(time.Second)
	}
	b.used = max(0, b.used-back)
	b.at = now
	return inflateFree*size + int(inflateBurst-b.used)
}

// pay charges a message of size bytes that became inflated bytes, within limit.
func (b *inflateBudget) pay(size, inflated int, clock func() time.Time) {
	more := inflated - inflateFree*size
	if more <= 0 {
		return
	}
	if b.used == 0 {
		b.at = clock()
	}
	b.used += int64(more)
}
