package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

var errNotServing = errors.New("gateway: Execute was called before Serve")

// Execute does what a frame of the inner port would make the gateway do, for the
// program that it runs in: m is a command, such as CmdSendToAll, or a question,
// such as CmdIsOnline, with the fields that the frame would have. No secret key
// is needed.
//
// It returns when m is executed. On Linux, what had reached the inner port before
// is executed before; what one goroutine executes one after the other is executed
// in that order, as over one connection. reply is the answer to a question in
// PHP's serialize format, nil for a command.
//
// Errors: a [*gatewayprotocol.MessageError] and others say that m was refused
// and had no effect; [ErrServerClosed] that the gateway has ended; ctx's error
// that ctx ended before m was executed, which it will not be any more.
//
// The callbacks OnBusinessWorkerConnected and OnBusinessWorkerClose must not
// call Execute: the goroutine that they run in is the one that executes.
func (g *Gateway) Execute(ctx context.Context, m gatewayprotocol.Message) (reply []byte, err error) {
	if m.Cmd == gatewayprotocol.CmdWorkerConnect || m.Cmd == gatewayprotocol.CmdGatewayClientConnect {
		return nil, fmt.Errorf("gateway: Execute: %v is for connections only", m.Cmd)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	inner, state := g.inner, g.state
	g.mu.Unlock()
	switch state {
	case serverNew:
		return nil, errNotServing
	case serverClosed:
		return nil, ErrServerClosed
	}
	call := &localCall{m: m, done: make(chan struct{})}
	if !inner.call(call) {
		return nil, ErrServerClosed
	}
	select {
	case <-call.done:
	case <-ctx.Done():
		if call.begin() { // it is not executed any more
			return nil, ctx.Err()
		}
		<-call.done
	}
	return call.reply, call.err
}

// localCall is one call of Execute. It is the caller of its command.
type localCall struct {
	m     gatewayprotocol.Message
	begun atomic.Bool // by who executes it, or by Execute, which takes it back
	done  chan struct{}

	// Set before done is closed.
	reply []byte
	err   error
}

var _ command.Caller = (*localCall)(nil)

// begin reports whether the call was neither executed nor taken back yet.
func (c *localCall) begin() bool { return c.begun.CompareAndSwap(false, true) }

// execute executes the call unless it was taken back.
func (c *localCall) execute(x *command.Executor) {
	if c.begin() {
		x.Execute(c, &c.m)
		close(c.done)
	}
}

// fail ends the call without executing it.
func (c *localCall) fail(err error) {
	if c.begin() {
		c.err = err
		close(c.done)
	}
}

// Authorized is always true: no key is asked of the program itself.
func (c *localCall) Authorized() bool { return true }

// Connected is for connections only.
func (c *localCall) Connected(bool, string) {}

// Ended is for connections only.
func (c *localCall) Ended() bool { return false }

// Reply copies the answer.
func (c *localCall) Reply(payload []byte) { c.reply = append([]byte{}, payload...) }

// Refuse is Execute's error.
func (c *localCall) Refuse(_ *gatewayprotocol.Message, err error) { c.err = err }

// Close is Execute's error.
func (c *localCall) Close(err error) { c.err = err }

// localCalls are the calls that the inner loop has yet to execute.
type localCalls struct {
	waiting atomic.Bool // calls is not empty

	mu     sync.Mutex // guards what follows
	calls  []*localCall
	closed bool // no more are taken
}

// add reports false when the loop has ended.
func (l *localCalls) add(c *localCall) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.calls = append(l.calls, c)
	l.waiting.Store(true)
	return true
}

// take returns the calls and forgets them.
func (l *localCalls) take() []*localCall {
	if !l.waiting.Load() {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	l.waiting.Store(false)
	return calls
}

// close fails the calls that wait, and those that come.
func (l *localCalls) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	for _, c := range l.take() {
		c.fail(ErrServerClosed)
	}
}
