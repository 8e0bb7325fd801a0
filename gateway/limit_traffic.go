package gateway

import "time"

// meterWindow is the time over which what a client sends is averaged: a client
// whose messages were held up on their way may send those of so many seconds at
// once.
const meterWindow = 5 * time.Second

// meter counts what a client has sent in a window of the gateway's clock.
type meter struct {
	window   uint16 // its number, as far as it goes
	messages uint16
	bytes    uint32
}

// at makes the window the one of now.
func (m *meter) at(now time.Duration) {
	if w := uint16(now / meterWindow); w != m.window {
		*m = meter{window: w}
	}
}

// Bounds of the options, that a meter can count.
const (
	maxMessagesPerSecond = 10_000
	maxBytesPerSecond    = 400_000_000
)

// overBytes counts bytes that have arrived, and reports whether they are too many.
func (m *meter) overBytes(n, perSecond int) bool {
	if perSecond <= 0 {
		return false
	}
	limit := uint32(perSecond) * uint32(meterWindow/time.Second)
	if uint32(n) > limit-min(limit, m.bytes) {
		m.bytes = limit
		return true
	}
	m.bytes += uint32(n)
	return false
}

// overMessages counts a message, and reports whether it is one too many.
func (m *meter) overMessages(perSecond int) bool {
	if perSecond <= 0 {
		return false
	}
	if int(m.messages) >= perSecond*int(meterWindow/time.Second) {
		return true
	}
	m.messages++
	return false
}

// meters says whether clients are metered at all.
func (o *Options) meters() bool { return o.MaxMessagesPerSecond > 0 || o.MaxBytesPerSecond > 0 }

// measure counts bytes that have arrived from a client, and reports whether they
// may be read.
func (r *clientReader) measure(c *client, n int) bool {
	o := r.gw.options()
	c.meter.at(time.Since(r.gw.started))
	r.perSecond = o.MaxMessagesPerSecond
	if c.meter.overBytes(n, o.MaxBytesPerSecond) && !r.Closing() {
		r.gw.overLimit(r.b, c, LimitBytes)
		return false
	}
	return true
}
