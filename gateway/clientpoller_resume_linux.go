package gateway

import (
	"sync"
	"sync/atomic"
)

// resumedClients are clients of a poller that have waited and may go on. Any
// goroutine adds to them.
type resumedClients struct {
	some atomic.Bool // sockets is not empty

	mu      sync.Mutex // a leaf; guards what follows
	sockets []*socket
}

// resume has the poller go on with a client that has waited.
func (p *clientPoller) resume(s *socket) {
	p.resumed.mu.Lock()
	p.resumed.sockets = append(p.resumed.sockets, s)
	p.resumed.some.Store(true)
	p.resumed.mu.Unlock()
	p.poller.Wake()
}

// resumeClients goes on with the clients that have waited.
func (p *clientPoller) resumeClients() {
	if !p.resumed.some.Load() {
		return
	}
	p.resumed.mu.Lock()
	sockets := p.resumed.sockets
	p.resumed.sockets = nil
	p.resumed.some.Store(false)
	p.resumed.mu.Unlock()
	for _, s := range sockets {
		i := s.client.inflation()
		if !s.client.proceed() {
			continue
		}
		if i == nil {
			p.reader.received(&s.client, nil)
			continue
		}
		p.reader.made = i.job.Inflated()
		p.reader.received(&s.client, nil)
		p.reader.made = nil
		p.shares.owes(s, i.took+linkTime(p.reader.long), p.now(), p.poller.Wake)
		p.reader.long = 0
	}
}
