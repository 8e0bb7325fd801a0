package gateway

import (
	"sync/atomic"
	"time"
)

// shares bound the time that one client may take of its poller. A client that
// sends as fast as it can - tiny fragments, pings, long messages - would keep a
// processor busy without a pause, and who shares that processor would wait for the
// kernel to turn to them: milliseconds. What it has sent beyond its share waits
// in the kernel's buffers, and in the end with the client.
//
// A share is a quarter of a processor, and shareBurst at once. Reads of less than
// heavyRead bytes are not counted, and a client that never sends more costs
// nothing here: what comes faster than the poller reads it comes in large reads.
//
// They belong to the poller's goroutine.
type shares struct {
	of    map[*socket]*share // of clients of whom much was read lately
	heavy []*share           // those of this turn
	timer *time.Timer        // wakes the poller for tick
	next  time.Duration      // when, if of has any
	due   atomic.Bool        // the timer has fired
}

// linkTime is for how long a client keeps its worker's connection from others with n
// bytes of long messages, and what they cost the worker, so that one of 10 MB makes
// others wait for milliseconds. It counts as the poller's time does: one client sends
// some 60 MB a second of such messages.
func linkTime(n int) time.Duration { return time.Duration(n) * 3 * time.Nanosecond }

// share is what a client may still take.
type share struct {
	s      *socket
	credit time.Duration // at the time at; the client is not read while it is below 0
	at     time.Duration
	noted  bool // it is in shares.heavy
	paused bool
}

const (
	heavyRead   = 16 << 10 // bytes that are much
	shareOf     = 4        // a share is a fourth of a processor
	shareBurst  = 10 * time.Millisecond
	sharePause  = time.Millisecond     // the shortest; timers are not finer
	longestRead = 2 * time.Millisecond // what took longer was interrupted: that is not the client's
	shareForget = time.Second          // after which it is looked whose share is whole again
)

// took notes that what was read of s, with so many bytes of long messages, took d of
// the poller's time. wake is called when the time has come for tick.
func (h *shares) took(s *socket, d time.Duration, long int, now time.Duration, wake func()) {
	h.owes(s, min(d, longestRead)+linkTime(long), now, wake)
}

// owes notes that what a client has sent took d of a processor's time.
func (h *shares) owes(s *socket, d time.Duration, now time.Duration, wake func()) {
	one := h.of[s]
	if one == nil {
		if h.of == nil {
			h.of = map[*socket]*share{}
		}
		one = &share{s: s, credit: shareBurst, at: now}
		h.of[s] = one
		if len(h.of) == 1 {
			h.wakeAt(now+shareForget, now, wake)
		}
	}
	one.refill(now)
	one.credit -= d
	if !one.noted {
		one.noted = true
		h.heavy = append(h.heavy, one)
	}
}

// endTurn divides what the end of a turn took among those of whom much was read
// in it, and pauses who has taken more than a share.
func (h *shares) endTurn(d, now time.Duration, wake func()) {
	each := min(d/time.Duration(len(h.heavy)), longestRead)
	for i, one := range h.heavy {
		h.heavy[i] = nil
		one.noted = false
		one.credit -= each
		if one.credit < 0 && !one.paused {
			one.paused = true
			one.s.pause(true)
			h.wakeAt(min(h.next, now+one.left()), now, wake)
		}
	}
	h.heavy = h.heavy[:0]
}

// tick has those read again whose time has come, and forgets those whose share is
// whole.
func (h *shares) tick(now time.Duration, wake func()) {
	next := now + shareForget
	for s, one := range h.of {
		one.refill(now)
		switch {
		case one.paused && one.credit < 0:
			next = min(next, now+one.left())
			continue
		case one.paused:
			one.paused = false
			s.pause(false)
		}
		if one.credit == shareBurst || s.client.ended() {
			delete(h.of, s)
		}
	}
	if len(h.of) > 0 {
		h.wakeAt(next, now, wake)
	}
}

// wakeAt has the poller woken for tick.
func (h *shares) wakeAt(at, now time.Duration, wake func()) {
	h.next = at
	if h.timer == nil {
		h.timer = time.AfterFunc(at-now, func() {
			h.due.Store(true)
			wake()
		})
		return
	}
	h.timer.Reset(at - now)
}

// refill adds what has come in since.
func (one *share) refill(now time.Duration) {
	one.credit = min(one.credit+(now-one.at)/shareOf, shareBurst)
	one.at = now
}

// left is how long the client is still not to be read.
func (one *share) left() time.Duration { return max(-one.credit*shareOf, sharePause) }

// pause ends or begins reading the client. What waits for it is written all the
// same, and that its connection is broken is noticed.
func (s *socket) pause(on bool) {
	c := &s.client
	c.mu.Lock()
	defer c.mu.Unlock()
	if on {
		c.state |= clientPaused
	} else {
		c.state &^= clientPaused
	}
	if !c.state.any(clientClosed) {
		c.transport.watchLocked(c.state.any(clientBlocked), c.readLocked())
	}
}
