package gateway

import (
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
)

// delivery is what commands do to clients: it encodes a message once, puts it
// into the queue of each client that gets it, and has all these queues flushed
// when the batch is. It belongs to the goroutine that executes commands.
type delivery struct {
	gw     *Gateway
	batch  batch
	tally  tally    // of what is delivered
	frames [][]byte // the message at hand in each form, nil if it was not needed yet

	compressor compressor
	shorter    int         // what the message at hand has compressed; 0 if it is not, or not yet
	compressed conversions // of what is delivered
}

var _ command.Clients = (*delivery)(nil)

// newExecutor returns what executes the frames of the inner port, and what it
// delivers with.
func (g *Gateway) newExecutor() (*command.Executor, *delivery) {
	d := &delivery{gw: g, batch: batch{inner: true, helpers: g.helpers}}
	return command.New(g.hub, d, command.Options{
		SecretKey:      g.opts.SecretKey,
		Websocket:      anyHandshakes(g.listeners),
		MaxPackageSize: g.opts.MaxPackageSize,
	}), d
}

// arenaFlushAt is the number of bytes in the arena from which on a batch is
// flushed early.
const arenaFlushAt = 1 << 20

// encode returns body as it goes on the socket of a listener's client, in the
// batch's arena.
func (d *delivery) encode(l *clientListener, body []byte, raw bool) []byte {
	a := &d.batch.arena
	if raw {
		return a.Commit(append(a.Tail(len(body)), body...))
	}
	return a.Commit(l.codec.AppendMessage(a.Tail(len(body)+clientproto.MaxOverhead), body))
}

// Deliver queues a message for clients.
func (d *delivery) Deliver(to []*hub.Client, body []byte, raw bool) {
	if len(to) == 0 {
		return
	}
	compresses := d.gw.compression.clients.Load() > 0 && d.gw.options().Compression
	if !raw && (d.gw.encodings > 1 || compresses) {
		d.deliverForms(to, body)
		return
	}
	frame := d.encode(d.gw.listeners[0], body, raw)
	d.tally.add(len(to), len(to)*len(frame))
	for _, c := range to {
		clientOf(c).send(&d.batch, frame, raw, arenaLived)
	}
	if d.batch.arena.Used() >= arenaFlushAt {
		d.flush()
	}
}

// deliverForms is Deliver where a message takes several forms, by listener and
// compressed or not: each is made once, when the first client needs it.
func (d *delivery) deliverForms(to []*hub.Client, body []byte) {
	d.begin()
	size := 0
	for _, part := range to {
		c := clientOf(part)
		frame := d.form(c, body)
		size += len(frame)
		c.send(&d.batch, frame, false, arenaLived)
	}
	clear(d.frames)
	d.tally.add(len(to), size)
	if d.batch.arena.Used() >= arenaFlushAt {
		d.flush()
	}
}

// begin begins with a message that may take several forms.
func (d *delivery) begin() {
	d.frames = append(d.frames[:0], make([][]byte, 2*d.gw.encodings)...)
	d.shorter = 0
}

// form returns body as it goes on the socket of a client, from d.frames, which it
// completes.
func (d *delivery) form(c *client, body []byte) []byte {
	i := c.form()
	if d.frames[i] == nil {
		d.frames[i] = d.makeForm(c.listener, body, i)
	}
	if i&1 == 1 && d.shorter > 0 {
		d.compressed.add(len(body), d.shorter)
	}
	return d.frames[i]
}

// makeForm makes d.frames[i]: the odd ones are for clients that have negotiated
// compression.
func (d *delivery) makeForm(l *clientListener, body []byte, i int) []byte {
	if i&1 == 1 {
		if opts := d.gw.options(); opts.Compression {
			if deflated := d.compressor.compress(body, opts); deflated != nil {
				d.shorter = len(deflated)
				return d.encodeDeflated(l, deflated)
			}
		}
		i--
	}
	if d.frames[i] == nil {
		d.frames[i] = d.encode(l, body, false)
	}
	return d.frames[i]
}

// encodeDeflated is encode for a message that was compressed, to a client that has
// negotiated that.
func (d *delivery) encodeDeflated(l *clientListener, deflated []byte) []byte {
	a := &d.batch.arena
	codec := l.codec.(clientproto.Deflating)
	return a.Commit(codec.AppendDeflated(a.Tail(len(deflated)+clientproto.MaxOverhead), deflated))
}

// Kick closes a client after a last message, if send, and all that waits for it.
func (d *delivery) Kick(c *hub.Client, body []byte, send bool) {
	var frame []byte
	if send {
		d.begin()
		frame = d.form(clientOf(c), body)
		clear(d.frames)
		d.tally.add(1, len(frame))
	}
	clientOf(c).closeAfter(&d.batch, frame, false, arenaLived, ClosedByCommand)
}

// flush writes out what was queued, and tells what it was.
func (d *delivery) flush() {
	d.batch.flush()
	d.tally.tell(&d.gw.traffic.toClients)
	d.compressed.tell(&d.gw.compression.sent)
	if z := &d.compressor; z.runs > 0 {
		d.gw.compression.compressed.Add(z.runs)
		z.runs = 0
	}
}

// trim forgets what is kept from batch to batch, which must be flushed.
func (d *delivery) trim() {
	d.batch.trim()
	d.compressor.trim()
}

// Destroy closes a client at once. What waits for it is offered to the kernel
// before: PHP does that with each message when it is sent.
func (d *delivery) Destroy(c *hub.Client) {
	clientOf(c).offer(&d.batch)
	d.gw.endClient(&d.batch, clientOf(c), ClosedByCommand, true)
}
