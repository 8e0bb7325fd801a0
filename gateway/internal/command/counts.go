package command

import (
	"math/bits"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Counts are how many frames of each command an [Executor] has executed, refused
// ones included. Any goroutine may read them.
type Counts struct {
	told    [256]atomic.Uint64
	refused atomic.Uint64
}

// Executed calls f with each command that has been executed, and how often, in
// the order of their numbers.
func (c *Counts) Executed(f func(cmd gatewayprotocol.Command, times uint64)) {
	for i := range c.told {
		if n := c.told[i].Load(); n > 0 {
			f(gatewayprotocol.Command(i), n)
		}
	}
}

// Refused returns how many frames had no effect.
func (c *Counts) Refused() uint64 { return c.refused.Load() }

// pending are counts that are not told yet: they cost the executor no atomic
// operation for each frame.
type pending struct {
	of   [256]uint32
	some [4]uint64 // bit set of those that are not 0
}

func (p *pending) add(cmd gatewayprotocol.Command) {
	p.of[cmd]++
	p.some[cmd>>6] |= 1 << (cmd & 63)
}

// Tell adds what was executed since the last call to c. It must be called
// at least once for every 2^32 frames.
func (x *Executor) Tell(c *Counts) {
	p := &x.pending
	for word, some := range p.some {
		for ; some != 0; some &= some - 1 {
			cmd := word<<6 | bits.TrailingZeros64(some)
			c.told[cmd].Add(uint64(p.of[cmd]))
			p.of[cmd] = 0
		}
		p.some[word] = 0
	}
	if x.refused > 0 {
		c.refused.Add(x.refused)
		x.refused = 0
	}
}
