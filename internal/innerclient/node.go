package innerclient

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/sirupsen/logrus"
)

// A node is one gateway: its main connection, which carries every command, and
// up to MaxConnections-1 more for questions.
type node struct {
	addr gatewayprotocol.GatewayAddress
	pool *Pool

	mu      sync.Mutex // guards all below
	main    *conn      // nil while there is none
	more    []*conn
	opening int           // of more, being dialed
	dialing chan struct{} // closed when the first attempt of a connect has ended; nil while none is made
	down    error         // an *unreachableError: the last attempt failed, the next is under way
	asked   bool          // a caller wanted a connection since the last attempt
	wake    chan struct{} // capacity 1: the next attempt is to be made now
	closed  bool

	unconfirmed uint64 // see Transport.TakeUnconfirmed
}

func (n *node) log() logrus.FieldLogger {
	return n.pool.opts.Logger.WithField("remote", n.addr.String())
}

// tryMain returns the main connection if there is one, and else errWouldBlock
// or why there cannot be one now.
func (n *node) tryMain() (*conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.tryMainLocked()
}

func (n *node) tryMainLocked() (*conn, error) {
	switch {
	case n.closed:
		return nil, ErrClosed
	case n.main != nil:
		return n.main, nil
	}
	n.asked = true
	if n.down != nil {
		return nil, n.down
	}
	return nil, errWouldBlock
}

// mainConn returns the main connection, connecting if need be. A gateway that
// could not be reached the last time is not waited for.
func (n *node) mainConn(ctx context.Context) (*conn, error) {
	for {
		n.mu.Lock()
		c, err := n.tryMainLocked()
		if !errors.Is(err, errWouldBlock) {
			n.mu.Unlock()
			return c, err
		}
		if n.dialing == nil {
			n.dialing = make(chan struct{})
			n.pool.wg.Go(n.connect)
		}
		ch := n.dialing
		n.mu.Unlock()
		select {
		case <-ch:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// connect tries until it has a main connection, or no caller has wanted one for
// IdleTimeout.
func (n *node) connect() {
	for {
		c, err := n.dial(n.pool.ctx)
		n.mu.Lock()
		if err != nil && n.newsLocked() { // it may not hold any more
			n.mu.Unlock()
			continue
		}
		first := n.dialing
		n.dialing = nil
		if err == nil && n.closed {
			err = ErrClosed
			c.end(ErrClosed) // it was not started: its end is not reported
		}
		if err == nil {
			if n.down != nil {
				n.log().Info("gateway can be reached again")
			}
			n.main, n.down = c, nil
			c.start()
		} else {
			if n.down == nil && !n.closed {
				n.log().WithError(err).Warn("cannot connect to gateway")
			}
			n.down = &unreachableError{err}
		}
		n.asked = false
		n.mu.Unlock()
		if first != nil {
			close(first)
		}
		if err == nil || !n.pauseBeforeRetry() {
			return
		}
	}
}

// retry makes the next attempt come now, with callers waiting for it: there is
// news of the gateway.
func (n *node) retry() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down == nil {
		return
	}
	n.down, n.dialing = nil, make(chan struct{})
	select {
	case n.wake <- struct{}{}: // the goroutine in connect takes it
	default:
	}
}

// newsLocked reports whether retry was called while an attempt was under way.
func (n *node) newsLocked() bool {
	select {
	case <-n.wake:
		return true
	default:
		return false
	}
}

func (n *node) pauseBeforeRetry() bool {
	retry := time.NewTimer(retryInterval)
	defer retry.Stop()
	for idle := time.Duration(0); ; idle += retryInterval {
		select {
		case <-n.pool.ctx.Done():
			return false
		case <-n.wake:
			return true
		case <-retry.C:
		}
		n.mu.Lock()
		asked, forget := n.asked, idle >= n.pool.opts.IdleTimeout
		forget = forget && n.down != nil // else retry was called
		if !asked && forget {
			n.down = nil // the next caller connects afresh
		}
		n.mu.Unlock()
		if asked || forget {
			return asked
		}
		retry.Reset(retryInterval)
	}
}

func (n *node) dial(ctx context.Context) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, n.pool.opts.ConnectTimeout)
	defer cancel()
	nc, err := n.pool.opts.Dial(ctx, "tcp", n.addr.String())
	if err != nil {
		return nil, err
	}
	return newConn(nc, &n.pool.opts, n.pool.auth, n.gone), nil
}

// gone forgets a connection that has ended.
func (n *node) gone(c *conn, err error) {
	n.mu.Lock()
	if n.main == c {
		n.main = nil
	}
	for i, m := range n.more {
		if m == c {
			n.more = append(n.more[:i], n.more[i+1:]...)
			break
		}
	}
	if !errors.Is(err, errIdle) && !errors.Is(err, ErrClosed) {
		n.unconfirmed += c.lane.TakeUnconfirmed()
	}
	n.mu.Unlock()
	var lost *innerconn.LostError
	switch {
	case errors.As(c.out.Err(), &lost):
		n.pool.stats.lost.Add(uint64(lost.Bytes))
		n.log().WithError(err).WithField("bytes", lost.Bytes).Warn("connection to gateway ended with commands unsent")
	case errors.Is(err, errIdle) || errors.Is(err, ErrClosed):
	default:
		n.log().WithError(err).Info("connection to gateway ended")
	}
}

// send sends a command over the main connection.
func (n *node) send(ctx context.Context, m gatewayprotocol.Message) error {
	for {
		c, err := n.mainConn(ctx)
		if err != nil {
			return err
		}
		switch err = c.send(m); {
		case err == nil:
			return nil
		case errors.Is(err, innerconn.ErrBufferFull):
			if err = n.waitRoom(ctx, c); err != nil {
				return err
			}
		default: // the connection had ended before the frame was taken
			n.drop(c)
		}
	}
}

func (n *node) waitRoom(ctx context.Context, c *conn) error {
	if n.pool.opts.SendNoWait {
		return innerconn.ErrBufferFull
	}
	waiting, cancel := context.WithTimeout(ctx, n.pool.opts.SendTimeout)
	defer cancel()
	if err := c.out.WaitRoom(waiting); err != nil {
		switch {
		case ctx.Err() != nil: // the caller's
			return ctx.Err()
		case waiting.Err() != nil:
			return innerconn.ErrBufferFull
		}
		n.drop(c) // broken: send looks for another connection
	}
	return nil
}

// trySend is send if that need not wait, and else errWouldBlock.
func (n *node) trySend(m gatewayprotocol.Message) error {
	c, err := n.tryMain()
	if err != nil {
		return err
	}
	switch err = c.send(m); {
	case err == nil:
		return nil
	case errors.Is(err, innerconn.ErrBufferFull) && n.pool.opts.SendNoWait:
		return err
	}
	return errWouldBlock
}

// drop makes the node forget a connection that takes no more frames, ahead of
// gone.
func (n *node) drop(c *conn) {
	n.mu.Lock()
	if n.main == c {
		n.main = nil
	}
	if !c.leaving() { // else gone knows why
		n.unconfirmed += c.lane.TakeUnconfirmed()
	}
	n.mu.Unlock()
}

// takeUnconfirmed returns what Transport.TakeUnconfirmed returns, of one gateway.
func (n *node) takeUnconfirmed() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := n.unconfirmed
	n.unconfirmed = 0
	return count
}

// query asks a question. A connection that breaks under it is replaced once:
// questions change nothing, so asking twice is safe.
func (n *node) query(ctx context.Context, m gatewayprotocol.Message) ([]byte, error) {
	weight := queryWeight(m.Cmd)
	again := true
	for {
		c, err := n.queryConn(ctx, weight)
		if err != nil {
			return nil, err
		}
		payload, err := c.ask(ctx, m, weight)
		switch {
		case err == nil, ctx.Err() != nil, errors.Is(err, ErrClosed), errors.Is(err, ErrNoReply):
			return payload, err
		case errors.Is(err, innerconn.ErrBufferFull):
			if err := n.waitRoom(ctx, c); err != nil {
				return nil, err
			}
		case c.leaving(): // it was on its way out of use, in good order, when the question came
		case !again:
			return nil, err
		default:
			again = false
		}
		if !c.alive() {
			n.drop(c)
		}
	}
}

// queryConn returns a connection with weight of its window acquired. It is the
// main connection, unless that is busy and everything sent on it so far is
// known to be executed: so a question never overtakes a command.
func (n *node) queryConn(ctx context.Context, weight int) (*conn, error) {
	c, err := n.mainConn(ctx)
	if err != nil {
		return nil, err
	}
	if c.window.tryAcquire(weight) {
		return c, nil
	}
	if c.lane.Settled() {
		n.mu.Lock()
		for _, m := range n.more {
			if m.alive() && m.window.tryAcquire(weight) {
				n.mu.Unlock()
				return m, nil
			}
		}
		room := 1+len(n.more)+n.opening < n.pool.opts.MaxConnections
		if room {
			n.opening++
		}
		n.mu.Unlock()
		if room {
			if m := n.openOne(ctx); m != nil && m.window.tryAcquire(weight) {
				return m, nil
			}
		}
	}
	return c, c.window.acquire(ctx, weight)
}

// openOne opens one more connection, for which opening was raised. It is nil if
// that fails: the main connection then has to do.
func (n *node) openOne(ctx context.Context) *conn {
	c, err := n.dial(ctx)
	n.mu.Lock()
	n.opening--
	closed := n.closed
	if err == nil && !closed {
		n.more = append(n.more, c)
		c.start()
	}
	n.mu.Unlock()
	if err == nil && closed {
		c.end(ErrClosed)
	}
	if err != nil || closed {
		return nil
	}
	return c
}

// conns returns the connections of the moment.
func (n *node) conns() []*conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.connsLocked()
}

func (n *node) connsLocked() []*conn {
	conns := slices.Clone(n.more)
	if n.main != nil {
		conns = append(conns, n.main)
	}
	return conns
}

func (n *node) close() {
	n.mu.Lock()
	n.closed = true
	conns := n.connsLocked()
	n.mu.Unlock()
	for _, c := range conns {
		c.end(ErrClosed)
	}
}
