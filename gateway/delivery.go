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
	if d.gw.encodings > 1 && !raw {
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

// deliverForms is Deliver where listeners encode a message in several forms: each
// is made once, when the first client needs it.
func (d *delivery) deliverForms(to []*hub.Client, body []byte) {
	d.frames = append(d.frames[:0], make([][]byte, d.gw.encodings)...)
	size := 0
	for _, part := range to {
		c := clientOf(part)
		frame := d.frames[c.listener.encoding]
		if frame == nil {
			frame = d.encode(c.listener, body, false)
			d.frames[c.listener.encoding] = frame
		}
		size += len(frame)
		c.send(&d.batch, frame, false, arenaLived)
	}
	clear(d.frames)
	d.tally.add(len(to), size)
	if d.batch.arena.Used() >= arenaFlushAt {
		d.flush()
	}
}

// Kick closes a client after a last message, if send, and all that waits for it.
func (d *delivery) Kick(c *hub.Client, body []byte, send bool) {
	var frame []byte
	if send {
		frame = d.encode(clientOf(c).listener, body, false)
		d.tally.add(1, len(frame))
	}
	clientOf(c).closeAfter(&d.batch, frame, false, arenaLived, ClosedByCommand)
}

// flush writes out what was queued, and tells what it was.
func (d *delivery) flush() {
	d.batch.flush()
	d.tally.tell(&d.gw.traffic.toClients)
}

// Destroy closes a client at once. What waits for it is offered to the kernel
// before: PHP does that with each message when it is sent.
func (d *delivery) Destroy(c *hub.Client) {
	clientOf(c).offer(&d.batch)
	d.gw.endClient(&d.batch, clientOf(c), ClosedByCommand, true)
}
