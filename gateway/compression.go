package gateway

import (
	"bytes"
	"fmt"
	"math"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// Defaults of [Options] about compression.
const (
	// DefaultCompressionLevel makes JSON of a kilobyte a tenth smaller than the
	// fastest level does, in a fifth more time.
	DefaultCompressionLevel = 5
	// DefaultCompressionMinSize is where a message, in a packet with 66 bytes of
	// heads, begins to be worth the time.
	DefaultCompressionMinSize = 256
	// DefaultCompressionMaxSize is what takes 2 ms or less, in which other commands
	// wait.
	DefaultCompressionMaxSize = 256 << 10
)

// compressor compresses the messages of commands. It belongs to the goroutine that
// executes these, and holds no lock meanwhile.
//
// It remembers the last message: what goes to all clients, to the members of some
// groups or to a list of uids is compressed once, in however many parts it is
// delivered, and so is what a program sends to one client after the other.
type compressor struct {
	deflater *clientproto.Deflater // nil until it is needed
	level    int
	body     []byte // of the last message
	deflated []byte // what it became; empty if that is no shorter
	runs     uint64 // messages that were compressed, since tell
}

// compress returns body compressed, for [clientproto.Deflating], nil if it goes out
// as it is. The result is valid until the next call.
func (z *compressor) compress(body []byte, opts *Options) []byte {
	if len(body) < opts.CompressionMinSize || len(body) > opts.CompressionMaxSize {
		return nil
	}
	switch {
	case z.deflater == nil || z.level != opts.CompressionLevel:
		z.deflater, z.level = clientproto.NewDeflater(opts.CompressionLevel), opts.CompressionLevel
	case bytes.Equal(z.body, body):
		return z.result()
	}
	z.runs++
	z.body = append(z.body[:0], body...)
	z.deflated = z.deflater.Append(z.deflated[:0], body)
	if len(z.deflated) >= len(body) {
		z.deflated = z.deflated[:0]
	}
	return z.result()
}

func (z *compressor) result() []byte {
	if len(z.deflated) == 0 {
		return nil
	}
	return z.deflated
}

// trim forgets everything.
func (z *compressor) trim() { *z = compressor{runs: z.runs} }

// CompressionStats is what compression of websocket messages did; see
// [Options].Compression. Savings on the wire are BytesBefore less BytesAfter.
type CompressionStats struct {
	Clients int // connected now that have negotiated it

	// Compressed is how many messages were compressed, each once, however many
	// clients it went to.
	Compressed uint64
	// What went to clients compressed. Each recipient counts: the bytes are those of
	// the messages as they are, and compressed, without heads of frames.
	// Stats.BytesToClients has them compressed, with heads.
	Sent, SentBytesBefore, SentBytesAfter uint64
	// What came from clients compressed, without being negotiated too. The bytes are
	// those that came, and those of the messages. Stats.BytesFromClients has the
	// former.
	Received, ReceivedBytesBefore, ReceivedBytesAfter uint64
}

// compression is what all loops have reported about it.
type compression struct {
	clients        atomic.Int64
	compressed     atomic.Uint64
	sent, received converted
}

func (n *compression) read() CompressionStats {
	return CompressionStats{
		Clients:    int(n.clients.Load()),
		Compressed: n.compressed.Load(),

		Sent:            n.sent.messages.Load(),
		SentBytesBefore: n.sent.from.Load(),
		SentBytesAfter:  n.sent.to.Load(),

		Received:            n.received.messages.Load(),
		ReceivedBytesBefore: n.received.from.Load(),
		ReceivedBytesAfter:  n.received.to.Load(),
	}
}

// converted counts messages and their bytes before and after they were compressed,
// or inflated.
type converted struct{ messages, from, to atomic.Uint64 }

// conversions is what one goroutine has counted in the turn at hand.
type conversions struct{ messages, from, to uint64 }

func (t *conversions) add(from, to int) {
	t.messages++
	t.from += uint64(from)
	t.to += uint64(to)
}

// tell adds what was counted to a sum and begins anew.
func (t *conversions) tell(sum *converted) {
	if t.messages == 0 {
		return
	}
	sum.messages.Add(t.messages)
	sum.from.Add(t.from)
	sum.to.Add(t.to)
	*t = conversions{}
}

// checkCompression checks the options about compression.
func (o *Options) checkCompression(check *options.Checker) {
	check.IntRange("CompressionLevel", &o.CompressionLevel, DefaultCompressionLevel, 1, 9)
	check.IntRange("CompressionMinSize", &o.CompressionMinSize, DefaultCompressionMinSize, 1, math.MaxInt32)
	check.IntRange("CompressionMaxSize", &o.CompressionMaxSize, DefaultCompressionMaxSize, 1, math.MaxInt32)
	if o.CompressionMaxSize < o.CompressionMinSize {
		check.Refuse("CompressionMaxSize", o.CompressionMaxSize, fmt.Sprintf("below CompressionMinSize, %d; no message would be compressed", o.CompressionMinSize))
	}
}
