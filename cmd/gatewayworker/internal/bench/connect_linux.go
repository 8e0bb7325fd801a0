package bench

import (
	"errors"
	"fmt"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// connect opens clients [from, to) with a bounded number of them under way and
// waits until they, and the worker of the run, are through.
func (b *bench) connect(from, to int) error {
	window := b.plan.Window
	pending, next, before := 0, from, b.failed
	saw, opened := b.workerSaw, 0
	launch := func() {
		for next < to && pending < window && b.fatal == nil {
			pending++
			if err := b.open(next); err != nil {
				b.fatal = err
			}
			next++
		}
	}
	b.onOpen = func(*client) { pending--; opened++; launch() }
	b.onGone = func(_ *client, was clientState) {
		if was != clientOpen {
			pending--
			launch()
		}
	}
	defer func() { b.onOpen, b.onGone = nil, nil }()
	launch()
	err := b.pump(func() bool {
		if next < to || pending > 0 {
			return false
		}
		return len(b.workers) == 0 || b.workerSaw-saw >= opened
	})
	if err == nil && b.failed-before == to-from {
		err = fmt.Errorf("bench: no connection came about: %w", b.failure)
	}
	if n := opened - (b.workerSaw - saw); err == nil && b.stalled && len(b.workers) > 0 && n > 0 {
		err = fmt.Errorf("bench: %d of %d clients went to another worker; the generator must be the only one, or use --worker=none", n, opened)
	}
	return err
}

// connectAll opens all clients outside of what is measured and lets the server
// come to rest. learn finds out the connection ids where no event told them.
func (b *bench) connectAll(learn bool) error {
	b.phase, b.progress = "connect", func() (int64, int64) { return int64(b.openClients), int64(len(b.clients)) }
	known, err := b.connectionIDs(learn && len(b.workers) == 0)
	if err != nil {
		return err
	}
	if err := b.connect(0, len(b.clients)); err != nil {
		return err
	}
	if err := b.barrier(); err != nil {
		return err
	}
	if learn && len(b.workers) == 0 {
		if err := b.probe(known); err != nil {
			return err
		}
	}
	return b.quiet()
}

// connectionIDs asks for all connection ids, per gateway.
func (b *bench) connectionIDs(really bool) ([]map[uint32]bool, error) {
	all := make([]map[uint32]bool, len(b.control))
	if !really {
		return all, nil
	}
	waiting := len(b.control)
	for i, ic := range b.control {
		ic.query(gp.CmdGetAllClientSessions, 0, "", func(payload []byte) {
			all[i] = make(map[uint32]bool)
			for _, id := range idsOfReply(payload) {
				all[i][id] = true
			}
			waiting--
		})
	}
	err := b.pump(func() bool { return waiting == 0 })
	if err == nil && b.stalled {
		err = errors.New("bench: the gateway does not say which clients it has")
	}
	return all, err
}

// probe tells each connection that is new since known its own id. Without a
// handshake a client may be ahead of the gateway's accept, so it asks again.
func (b *bench) probe(known []map[uint32]bool) error {
	deadline := b.loop.clock() + int64(b.plan.Stall)
	for {
		now, err := b.connectionIDs(true)
		if err != nil {
			return err
		}
		for i, ids := range now {
			var out []byte
			for id := range ids {
				if !known[i][id] {
					known[i][id] = true
					putPayload(b.payload, &b.tag, probeID, id, int64(i))
					out = b.control[i].append(out, gp.CmdSendToOne, id, "", b.payload)
				}
			}
			b.control[i].write(out)
		}
		if err := b.rest(20 * time.Millisecond); err != nil {
			return err
		}
		n := b.unknown()
		if n == 0 {
			return nil
		}
		if b.loop.now > deadline {
			return fmt.Errorf("bench: the connection ids of %d clients could not be found out", n)
		}
	}
}

// unknown counts open clients without a connection id.
func (b *bench) unknown() (n int) {
	for _, c := range b.clients {
		if c != nil && c.state == clientOpen && c.connectionID == 0 {
			n++
		}
	}
	return n
}
