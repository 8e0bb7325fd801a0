package innerclient

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
)

// A Pool holds connections to gateways, opened when they are first needed. It
// is the part of a [Transport] that knows no Register.
type Pool struct {
	opts   Options
	auth   []byte // body of CmdGatewayClientConnect; nil without a key
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	stats  counters

	mu     sync.RWMutex // guards nodes and closed
	nodes  map[gatewayprotocol.GatewayAddress]*node
	closed bool
}

// NewPool returns a Pool. It fails for a secret key that JSON cannot hold.
func NewPool(opts Options) (*Pool, error) {
	p := &Pool{opts: opts, nodes: make(map[gatewayprotocol.GatewayAddress]*node)}
	if opts.SecretKey != "" {
		var err error
		if p.auth, err = gatewayprotocol.AppendGatewayClientConnectBody(nil, opts.SecretKey); err != nil {
			return nil, err
		}
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p, nil
}

func (p *Pool) node(addr gatewayprotocol.GatewayAddress) (*node, error) {
	p.mu.RLock()
	n, closed := p.nodes[addr], p.closed
	p.mu.RUnlock()
	if closed {
		return nil, ErrClosed
	}
	if n != nil {
		return n, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	if n = p.nodes[addr]; n == nil {
		n = &node{addr: addr, pool: p, wake: make(chan struct{}, 1)}
		p.nodes[addr] = n
	}
	return n, nil
}

// Send is [Transport.Send].
func (p *Pool) Send(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) error {
	n, err := p.node(to)
	if err != nil {
		return err
	}
	return p.sent(n.send(ctx, m))
}

// TrySend is [Transport.TrySend].
func (p *Pool) TrySend(_ context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) (done bool, err error) {
	n, err := p.node(to)
	if err != nil {
		return true, err
	}
	if err = n.trySend(m); errors.Is(err, errWouldBlock) {
		return false, nil
	}
	return true, p.sent(err)
}

// Query is [Transport.Query]. QueryTimeout applies besides the deadline of ctx.
func (p *Pool) Query(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) ([]byte, error) {
	n, err := p.node(to)
	if err != nil {
		return nil, err
	}
	qctx, cancel := context.WithTimeout(ctx, p.opts.QueryTimeout)
	defer cancel()
	payload, err := n.query(qctx, m)
	if err != nil && qctx.Err() != nil && ctx.Err() == nil {
		err = ErrNoReply
	}
	p.stats.questions.Add(1)
	p.countRefused(err)
	return payload, err
}

// Retry makes the next attempt to reach a gateway come at once, if the last one
// failed. Calls wait for it.
func (p *Pool) Retry(to gatewayprotocol.GatewayAddress) {
	p.mu.RLock()
	n := p.nodes[to]
	p.mu.RUnlock()
	if n != nil {
		n.retry()
	}
}

// Flush waits until the operating system has taken every command.
func (p *Pool) Flush(ctx context.Context) error {
	p.mu.RLock()
	nodes := make([]*node, 0, len(p.nodes))
	for _, n := range p.nodes {
		nodes = append(nodes, n)
	}
	p.mu.RUnlock()
	var errs []error
	for _, n := range nodes {
		if c, err := n.tryMain(); err == nil {
			errs = append(errs, c.out.Drain(ctx))
		}
	}
	return errors.Join(errs...)
}

// TakeUnconfirmed is [Transport.TakeUnconfirmed].
func (p *Pool) TakeUnconfirmed() map[gatewayprotocol.GatewayAddress]uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var counts map[gatewayprotocol.GatewayAddress]uint64
	for addr, n := range p.nodes {
		if count := n.takeUnconfirmed(); count > 0 {
			if counts == nil {
				counts = make(map[gatewayprotocol.GatewayAddress]uint64)
			}
			counts[addr] = count
		}
	}
	return counts
}

// Close closes all connections. What has not been sent is lost; a [Client]'s
// Sync before it makes sure that nothing is.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	nodes := p.nodes
	p.mu.Unlock()
	p.cancel()
	for _, n := range nodes {
		n.close()
	}
	p.wg.Wait()
	return nil
}

// counters are what [Stats] counts since the start.
type counters struct {
	commands, questions, refused, lost atomic.Uint64
}

// sent counts a command that was sent, or was not.
func (p *Pool) sent(err error) error {
	if err == nil {
		p.stats.commands.Add(1)
	}
	p.countRefused(err)
	return err
}

func (p *Pool) countRefused(err error) {
	if err != nil && errors.Is(err, innerconn.ErrBufferFull) {
		p.stats.refused.Add(1)
	}
}

// Stats is [Transport.Stats].
func (p *Pool) Stats() Stats {
	s := Stats{
		Commands:  p.stats.commands.Load(),
		Questions: p.stats.questions.Load(),
		Refused:   p.stats.refused.Load(),
		Lost:      p.stats.lost.Load(),
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, n := range p.nodes {
		conns := n.conns()
		if len(conns) > 0 {
			s.Gateways++
		}
		s.Connections += len(conns)
		for _, c := range conns {
			s.Buffered += c.out.Buffered()
			s.Waiting += c.lane.Waiting()
		}
	}
	return s
}
