package gatewayclient

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
)

// A conn is one connection to a gateway's inner port. Commands and questions go
// out in the order of the calls; a gateway answers in that order, so the first
// answer belongs to the oldest question.
type conn struct {
	net    net.Conn
	out    *innerconn.Sender
	opts   *Options
	window window
	gone   func(*conn, error) // called once, when the connection has ended

	used     atomic.Bool   // since the idle timer last looked
	progress atomic.Uint64 // bytes read; the watchdog compares

	mu        sync.Mutex  // guards all below, and that frames are appended in the order of calls
	calls     []*call     // questions without an answer, oldest first
	commands  uint64      // commands appended
	confirmed uint64      // of them, executed: a later question was answered
	err       error       // the connection has ended
	retired   bool        // no new frames; it goes away when its bytes are sent
	watchdog  *time.Timer // one for all questions
	seen      uint64      // progress when the watchdog was set
	due       time.Time   // when it looks again
	idle      *time.Timer
}

// A call is a question that waits for its answer.
type call struct {
	weight   int
	commands uint64 // conn.commands when it was asked
	done     chan struct{}
	payload  []byte // valid after done
	err      error
}

// newConn takes over c, authenticates and starts reading.
func newConn(c net.Conn, opts *Options, auth []byte, gone func(*conn, error)) *conn {
	cn := &conn{net: c, out: innerconn.NewSender(c, opts.SendBufferSize), opts: opts, gone: gone}
	if auth != nil { // as PHP, in front of what comes next
		_ = cn.out.Append(gatewayprotocol.Message{
			Cmd:  gatewayprotocol.CmdGatewayClientConnect,
			Flag: gatewayprotocol.FlagBodyIsScalar,
			Body: auth,
		})
	}
	cn.mu.Lock()
	cn.idle = time.AfterFunc(opts.IdleTimeout, cn.checkIdle)
	cn.mu.Unlock()
	go cn.read()
	return cn
}

// send appends a command. It does not block; it fails with
// [innerconn.ErrBufferFull] at the bound.
func (c *conn) send(m gatewayprotocol.Message) error {
	c.mu.Lock()
	if err := c.refusalLocked(); err != nil {
		c.mu.Unlock()
		return err
	}
	err := c.out.Append(m)
	if err == nil {
		c.commands++
	}
	c.mu.Unlock()
	if err == nil {
		c.use()
		c.out.Flush()
	}
	return err
}

// ask appends a question for which the window has been acquired, and waits for
// its answer.
func (c *conn) ask(ctx context.Context, m gatewayprotocol.Message, weight int) ([]byte, error) {
	cl := &call{weight: weight, done: make(chan struct{})}
	c.mu.Lock()
	err := c.refusalLocked()
	if err == nil {
		err = c.out.Append(m)
	}
	if err != nil {
		c.mu.Unlock()
		c.window.release(weight)
		return nil, err
	}
	cl.commands = c.commands
	c.calls = append(c.calls, cl)
	if len(c.calls) == 1 {
		c.watchLocked()
	}
	c.mu.Unlock()
	c.use()
	c.out.Flush()
	select {
	case <-cl.done:
		return cl.payload, cl.err
	case <-ctx.Done(): // its answer, when it comes, is dropped
		return nil, ctx.Err()
	}
}

var errRetired = errors.New("connection retired")

func (c *conn) refusalLocked() error {
	if c.err == nil && c.retired {
		return errRetired
	}
	return c.err
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

// settled reports whether the gateway has executed every command sent so far.
func (c *conn) settled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.commands == c.confirmed
}

func (c *conn) read() {
	br := bufio.NewReaderSize(&countingReader{c.net, &c.progress}, 4096)
	for {
		payload, err := readReply(br, c.opts.MaxReplySize)
		if err != nil {
			c.end(err)
			return
		}
		c.mu.Lock()
		if len(c.calls) == 0 {
			c.mu.Unlock()
			c.end(fmt.Errorf("%d bytes that nobody asked for", len(payload)))
			return
		}
		cl := c.calls[0]
		c.calls[0] = nil
		c.calls = c.calls[1:]
		c.confirmed = cl.commands
		c.mu.Unlock()
		cl.payload = payload
		close(cl.done)
		c.window.release(cl.weight)
	}
}

// readReply reads one answer. Memory is taken as the bytes arrive, not as the
// length in front of them declares.
func readReply(br *bufio.Reader, limit int) ([]byte, error) {
	var head [gatewayprotocol.ReplyHeadLen]byte
	if _, err := io.ReadFull(br, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if uint64(size) > uint64(limit) {
		return nil, &gatewayprotocol.ReplyLengthError{Length: size, Limit: limit}
	}
	const atOnce = 64 << 10
	payload := make([]byte, 0, min(int(size), atOnce))
	for len(payload) < int(size) {
		if len(payload) == cap(payload) {
			grown := make([]byte, len(payload), min(int(size), 2*cap(payload)))
			copy(grown, payload)
			payload = grown
		}
		n, err := io.ReadFull(br, payload[len(payload):cap(payload)])
		payload = payload[:len(payload)+n]
		if err != nil {
			return nil, fmt.Errorf("reply cut short: %w", err)
		}
	}
	return payload, nil
}

type countingReader struct {
	r net.Conn
	n *atomic.Uint64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n.Add(uint64(n))
	return n, err
}

// end ends the connection: every question on it fails with err.
func (c *conn) end(err error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	c.err = err
	calls := c.calls
	c.calls = nil
	if c.watchdog != nil {
		c.watchdog.Stop()
	}
	c.idle.Stop()
	c.mu.Unlock()
	c.out.Close()
	for _, cl := range calls {
		cl.err = err
		close(cl.done)
		c.window.release(cl.weight)
	}
	c.gone(c, err)
}

// watchLocked sets the watchdog: a gateway that leaves a question unanswered
// without sending anything for QueryTimeout has lost it, or stands still.
func (c *conn) watchLocked() {
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
	case c.err != nil || len(c.calls) == 0:
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
	if c.out.Buffered() > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), retireTimeout)
		defer cancel()
		_ = c.out.CloseWrite(ctx)
	}
	c.end(err)
}

// retireTimeout is how long a connection may need to send what was buffered
// when it went out of use.
const retireTimeout = 30 * time.Second

func (c *conn) checkIdle() {
	c.mu.Lock()
	busy := c.used.Swap(false) || len(c.calls) > 0
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
