package innerclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// A conn is one connection to a gateway's inner port. Commands and questions go
// out in the order of the calls; a gateway answers in that order.
type conn struct {
	net    net.Conn
	out    *innerconn.Sender
	lane   *Lane
	opts   *Options
	window window
	gone   func(*conn, error) // called once, when a connection that was started has ended

	used     atomic.Bool   // since the idle timer last looked
	progress atomic.Uint64 // bytes read; the watchdog compares

	mu       sync.Mutex  // guards all below
	started  bool        // start was called
	err      error       // the connection has ended
	retired  bool        // no new frames; it goes away when its bytes are sent
	watchdog *time.Timer // one for all questions
	seen     uint64      // progress when the watchdog was set
	due      time.Time   // when the watchdog compares again
	idle     *time.Timer
}

// newConn takes over c and authenticates. Nothing is read, and the connection
// does not end by itself, before start.
func newConn(c net.Conn, opts *Options, auth []byte, gone func(*conn, error)) *conn {
	out := innerconn.NewSender(c, opts.BufferSize)
	cn := &conn{net: c, out: out, lane: NewLane(out, opts.QueryTimeout), opts: opts, gone: gone}
	if auth != nil { // as PHP, in front of what comes next
		_ = out.Append(gatewayprotocol.Message{
			Cmd:  gatewayprotocol.CmdGatewayClientConnect,
			Flag: gatewayprotocol.FlagBodyIsScalar,
			Body: auth,
		})
	}
	return cn
}

// start begins to read. Its node knows the connection by then, so that its
// end is reported even if it comes at once.
func (c *conn) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.started = true
	c.idle = time.AfterFunc(c.opts.IdleTimeout, c.checkIdle)
	go c.read()
}

// send sends a command. It does not block; it fails with
// [innerconn.ErrBufferFull] at the bound.
func (c *conn) send(m gatewayprotocol.Message) error {
	err := c.lane.Command(m)
	if err == nil {
		c.use()
		c.out.Flush()
	}
	return err
}

// ask appends a question for which the window has been acquired, and waits for
// its answer.
func (c *conn) ask(ctx context.Context, m gatewayprotocol.Message, weight int) ([]byte, error) {
	q := &Question{weight: weight}
	first, err := c.lane.ask(q, m)
	if err != nil {
		c.window.release(weight)
		return nil, err
	}
	if first {
		c.mu.Lock()
		c.watchLocked()
		c.mu.Unlock()
	}
	c.use()
	c.out.Flush()
	select {
	case <-q.done:
		return q.answer, q.err
	case <-ctx.Done(): // its answer, when it comes, is dropped
		return nil, ctx.Err()
	}
}

func (c *conn) use() {
	if !c.used.Load() {
		c.used.Store(true)
	}
}

func (c *conn) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err == nil && !c.retired
}

// leaving reports whether the connection goes out of use in good order.
func (c *conn) leaving() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.retired
}

func (c *conn) read() {
	br := bufio.NewReaderSize(&countingReader{c.net, &c.progress}, 4096)
	for {
		payload, err := readReply(br, c.opts.MaxReplySize)
		if err != nil {
			if errors.Is(c.out.Err(), keepalive.ErrVanished) { // that is why it was closed
				err = keepalive.ErrVanished
			}
			c.end(err)
			return
		}
		q := c.lane.Answered(payload)
		if q == nil {
			c.end(fmt.Errorf("an answer of %d bytes to no question", len(payload)))
			return
		}
		c.window.release(q.weight)
	}
}

// end ends the connection: every question on it fails with err.
func (c *conn) end(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	started := c.started
	for _, t := range []*time.Timer{c.watchdog, c.idle} {
		if t != nil {
			t.Stop()
		}
	}
	c.mu.Unlock()
	c.out.Close()
	if started {
		c.gone(c, err) // first: who asks again over another connection finds out what this one lost
	}
	for _, q := range c.lane.End(err) {
		c.window.release(q.weight)
	}
}

// watchLocked sets the watchdog: a gateway that leaves a question unanswered
// without sending anything for QueryTimeout has lost it, or stands still.
func (c *conn) watchLocked() {
	if c.err != nil {
		return
	}
	c.seen = c.progress.Load()
	c.due = time.Now().Add(c.opts.QueryTimeout)
	if c.watchdog == nil {
		c.watchdog = time.AfterFunc(c.opts.QueryTimeout, c.watch)
	} else {
		c.watchdog.Reset(c.opts.QueryTimeout)
	}
}

func (c *conn) watch() {
	c.mu.Lock()
	switch {
	case c.err != nil || c.lane.Waiting() == 0:
	case time.Now().Before(c.due): // it was set anew while this call began
	case c.progress.Load() != c.seen:
		c.watchLocked()
	default:
		c.mu.Unlock()
		c.retire(ErrNoReply)
		return
	}
	c.mu.Unlock()
}

// retire takes the connection out of use without losing what waits to be sent.
// Its questions fail with err.
func (c *conn) retire(err error) {
	c.mu.Lock()
	if c.err != nil || c.retired {
		c.mu.Unlock()
		return
	}
	c.retired = true
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), retireTimeout)
	defer cancel()
	_ = c.out.CloseWrite(ctx) // refuses frames from here on; gone reports what is lost
	c.end(err)
}

// retireTimeout is how long a connection may need to send what was buffered
// when it went out of use.
const retireTimeout = 30 * time.Second

func (c *conn) checkIdle() {
	c.mu.Lock()
	busy := c.used.Swap(false) || c.lane.Waiting() > 0
	if c.err != nil || c.retired {
		c.mu.Unlock()
		return
	}
	if busy {
		c.idle.Reset(c.opts.IdleTimeout)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	c.retire(errIdle)
}

var errIdle = errors.New("idle")
