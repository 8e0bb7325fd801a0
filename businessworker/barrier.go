package businessworker

import (
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// barriers make sure that a question on another connection does not overtake
// the commands on this one. A barrier is a question on this connection, about
// nobody: when it is answered, the commands before it have been executed.
//
// The answer stands between the gateway's frames and is no frame. It can be
// told apart: its fifth byte is the "i" of a serialized integer, which in a
// frame would be a command that does not exist.
type barriers struct {
	commands atomic.Uint64 // appended to the connection

	mu        sync.Mutex // guards all below, and that barriers are appended in their order
	confirmed uint64     // of commands: executed
	waiting   []*barrier // not answered, oldest first
}

type barrier struct {
	commands  uint64 // appended before it
	abandoned bool   // nobody waits for it any more
	done      chan struct{}
}

var barrierFrame = gatewayprotocol.Message{Cmd: gatewayprotocol.CmdIsOnline, Flag: gatewayprotocol.FlagBodyIsScalar}

// settle waits until the gateway has executed every command given before. A
// connection that ends has nothing to wait for.
func (gc *gatewayConn) settle(ctx context.Context) error {
	b := gc.barrier()
	if b == nil {
		return nil
	}
	select {
	case <-b.done:
		return nil
	case <-ctx.Done():
		gc.barriers.drop(b)
		return ctx.Err()
	}
}

// barrier returns a barrier behind all commands given before, or nil if they
// have been executed or the connection has ended.
func (gc *gatewayConn) barrier() *barrier {
	bs := &gc.barriers
	commands := bs.commands.Load()
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if bs.confirmed >= commands {
		return nil
	}
	if n := len(bs.waiting); n > 0 && bs.waiting[n-1].commands >= commands && !bs.waiting[n-1].abandoned {
		return bs.waiting[n-1]
	}
	if gc.out.Append(barrierFrame) != nil {
		return nil // ended, or full: then the commands before it do not all arrive anyway
	}
	b := &barrier{commands: commands, done: make(chan struct{})}
	bs.waiting = append(bs.waiting, b)
	gc.out.Flush()
	return b
}

// answered takes the answer to the oldest barrier.
func (bs *barriers) answered() {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if len(bs.waiting) == 0 {
		return // it came too late
	}
	b := bs.waiting[0]
	bs.waiting = bs.waiting[1:]
	bs.confirmed = b.commands
	close(b.done)
}

// drop gives up a barrier. Its answer may still come, or have been dropped by a
// gateway whose buffer was full; when the next one is not answered in time
// either, the latter is taken for what happened.
func (bs *barriers) drop(b *barrier) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	i := slices.Index(bs.waiting, b)
	if i < 0 {
		return
	}
	b.abandoned = true
	for i > 0 && bs.waiting[0].abandoned {
		bs.waiting = bs.waiting[1:]
		i--
	}
}

// end releases everybody who waits: the connection has ended.
func (bs *barriers) end() {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	for _, b := range bs.waiting {
		close(b.done)
	}
	bs.waiting = nil
}

// barrierAnswer returns the length of the answer to a barrier at the start of
// buf, 0 if something else is there, or nothing yet.
func barrierAnswer(buf []byte) int {
	const most = len("0000i:0;")
	if len(buf) < gatewayprotocol.ReplyHeadLen+1 || buf[gatewayprotocol.ReplyHeadLen] != 'i' {
		return 0
	}
	if n := binary.BigEndian.Uint32(buf); n > uint32(most-gatewayprotocol.ReplyHeadLen) || len(buf) < gatewayprotocol.ReplyHeadLen+int(n) {
		return 0
	}
	return gatewayprotocol.ReplyHeadLen + int(binary.BigEndian.Uint32(buf))
}
