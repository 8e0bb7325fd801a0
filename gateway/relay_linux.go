package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/tlsloop"
)

// Relay is what stays of a gateway that another process has taken over, for its
// clients under TLS: their keys are crypto/tls's, and cannot be moved. The other
// process has each of them as a plain client on one end of a pair of unix sockets,
// and knows its address, its listener and everything else; the relay has the other
// end and the client's connection, and encrypts and decrypts between the two. New
// clients it gets none.
//
// When the other process hands over in its turn, it passes its ends on: the relay
// does not notice, and no second one comes behind it.
type Relay struct {
	loops   []*relayLoop
	clients atomic.Int64
	gone    chan struct{} // closed when there are none
	running sync.WaitGroup

	mu  sync.Mutex // guards all
	all map[*tlsTransport]*relayed
}

// Times of a relay.
const (
	// relayLook is how often clients that should end are looked at.
	relayLook = time.Second
	// relayFarewell is how long a client may take to read what was sent to it last.
	// The kernel, which would have the bytes of a plain client, is as patient.
	relayFarewell = time.Minute
	relayTicks    = 50 // of End, a second
)

// relayRead is how much is read at once. It bounds what a relay holds of one client
// in each direction.
const relayRead = 64 << 10

// newRelay makes a relay of pairs, which runs once run is called.
func newRelay(pairs []*relayed) (*Relay, error) {
	r := &Relay{gone: make(chan struct{}), all: map[*tlsTransport]*relayed{}}
	for range min(pollers(), len(pairs)) {
		poller, err := netloop.NewPoller(clientEvents)
		if err != nil {
			r.drop()
			return nil, err
		}
		r.loops = append(r.loops, &relayLoop{relay: r, poller: poller, pairs: map[int32]*relayed{}})
	}
	for i, p := range pairs {
		p.loop = r.loops[i%len(r.loops)]
		r.all[p.t] = p
	}
	r.clients.Store(int64(len(pairs)))
	return r, nil
}

// drop closes the pollers, of which the loops end.
func (r *Relay) drop() {
	for _, l := range r.loops {
		_ = l.poller.Close()
	}
}

// run begins to relay.
func (r *Relay) run() {
	for _, l := range r.loops {
		r.running.Go(l.run)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.all {
		p.loop.post(p.begin)
	}
}

// of returns what a client is in the relay, nil if it has gone.
func (r *Relay) of(t *tlsTransport) *relayed {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[t]
}

// Clients returns how many clients there are still.
func (r *Relay) Clients() int { return int(r.clients.Load()) }

// Wait returns when the last client has gone, or with ctx's error when ctx ends.
func (r *Relay) Wait(ctx context.Context) error {
	select {
	case <-r.gone:
		r.running.Wait()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// End has the clients go, evenly over a time: the process that has them sees the
// end of each connection, and tells its worker. It returns when the last one is
// gone, or with ctx's error when ctx ends.
func (r *Relay) End(ctx context.Context, over time.Duration) error {
	r.mu.Lock()
	left := make([]*relayed, 0, len(r.all))
	for _, p := range r.all {
		left = append(left, p)
	}
	r.mu.Unlock()
	ticks := int(max(over, 1)*relayTicks/time.Second) + 1
	ticker := time.NewTicker(time.Second / relayTicks)
	defer ticker.Stop()
	for ; ticks > 0 && len(left) > 0; ticks-- {
		n := (len(left) + ticks - 1) / ticks
		for _, p := range left[:n] {
			p.loop.post(p.clientEnded)
		}
		left = left[n:]
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-r.gone:
		}
	}
	return r.Wait(ctx)
}

// Close ends all connections at once.
func (r *Relay) Close() {
	r.mu.Lock()
	for _, p := range r.all {
		p.loop.post(func() { p.close(false) })
	}
	r.mu.Unlock()
	<-r.gone
	r.running.Wait()
}

// forget is told of each client that has gone.
func (r *Relay) forget(p *relayed) {
	r.mu.Lock()
	delete(r.all, p.t)
	r.mu.Unlock()
	if r.clients.Add(-1) > 0 {
		return
	}
	r.drop()
	close(r.gone)
}

// relayLoop relays a share of the clients from one goroutine.
type relayLoop struct {
	relay  *Relay
	poller *netloop.Poller
	pairs  map[int32]*relayed // by both descriptors
	looked time.Time

	buf, plain []byte
	events     []netloop.Event

	mu    sync.Mutex // guards inbox
	inbox []func()   // to be called by the loop
}

// post has the loop call f.
func (l *relayLoop) post(f func()) {
	l.mu.Lock()
	l.inbox = append(l.inbox, f)
	l.mu.Unlock()
	l.poller.Wake()
}

func (l *relayLoop) run() {
	l.buf, l.plain = make([]byte, relayRead), make([]byte, tlsloop.MaxRecord)
	look := time.NewTicker(relayLook)
	defer look.Stop()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for {
			select {
			case <-look.C:
				l.poller.Wake()
			case <-stop:
				return
			}
		}
	}()
	for {
		var err error
		if l.events, err = l.poller.Wait(l.events[:0]); err != nil {
			return // the last client has gone
		}
		l.mu.Lock()
		inbox := l.inbox
		l.inbox = nil
		l.mu.Unlock()
		for _, f := range inbox {
			f()
		}
		for _, e := range l.events {
			p := l.pairs[e.FD]
			switch {
			case p == nil: // it has gone
			case e.FD == p.farFD:
				p.farReady(e.Bits)
			default:
				p.clientReady(e.Bits)
			}
		}
		if now := time.Now(); now.Sub(l.looked) >= relayLook {
			l.looked = now
			for fd, p := range l.pairs {
				if fd == p.farFD {
					p.look(now)
				}
			}
		}
	}
}

// interest is what a descriptor is watched for; nothing where it is not watched.
type interest struct {
	bits uint32
}

// set changes it. Watching nothing ends watching: the kernel reports the end of a
// connection all the same, and would do so without end.
func (i *interest) set(poller *netloop.Poller, fd int, bits uint32) {
	if bits == i.bits {
		return
	}
	switch {
	case i.bits == 0:
		_ = poller.Add(fd, bits)
	case bits == 0:
		_ = poller.Del(fd)
	default:
		_ = poller.Mod(fd, bits)
	}
	i.bits = bits
}
