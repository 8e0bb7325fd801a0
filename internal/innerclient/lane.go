package innerclient

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
)

// A Lane is what one connection carries to a gateway, in the order in which the
// gateway reads it. It is the one mechanism that tells which commands have been
// executed: a gateway works off a connection in order, so the answer to a
// question says that everything before the question is done.
//
// Its methods may be called from several goroutines. None but [Lane.Settle]
// blocks.
type Lane struct {
	out      *innerconn.Sender
	patience time.Duration // an answer that takes longer is taken for lost
	commands atomic.Uint64 // appended to out

	mu        sync.Mutex  // guards all below, and that questions are appended in the order of asked
	confirmed uint64      // of commands: executed
	asked     []*Question // without an answer, oldest first
	err       error       // the connection has ended
}

// NewLane returns the Lane of a connection that out writes. patience is the time
// after which an answer is taken for lost.
func NewLane(out *innerconn.Sender, patience time.Duration) *Lane {
	return &Lane{out: out, patience: patience}
}

// A Question waits for its answer.
type Question struct {
	weight   int           // of the connection's window
	probe    *probe        // nil for a program's question
	commands uint64        // Lane.commands when it was asked
	asked    time.Time     // of a probe
	given    bool          // up: a probe that some caller did not wait for
	done     chan struct{} // closed with the answer, or when the connection has ended
	answer   []byte        // valid after done
	err      error         // valid after done
}

// Command appends a command; the caller flushes. It fails with
// [innerconn.ErrBufferFull] at the buffer's bound, and when the connection takes
// no more frames.
func (l *Lane) Command(m gatewayprotocol.Message) error {
	if err := l.out.Append(m); err != nil {
		return err
	}
	l.commands.Add(1) // not before: a question in between would count it and be in front of it
	return nil
}

// ask appends a question; the caller flushes. first reports whether no other
// one waits.
func (l *Lane) ask(q *Question, m gatewayprotocol.Message) (first bool, err error) {
	q.done = make(chan struct{})
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.askLocked(q, m)
}

func (l *Lane) askLocked(q *Question, m gatewayprotocol.Message) (first bool, err error) {
	if l.err != nil {
		return false, l.err
	}
	q.commands = l.commands.Load()
	if err := l.out.Append(m); err != nil {
		return false, err
	}
	l.asked = append(l.asked, q)
	return len(l.asked) == 1, nil
}

// Answered takes an answer that the connection has received. It returns nil for
// one that no question waits for.
func (l *Lane) Answered(payload []byte) *Question {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.asked, func(q *Question) bool { return q.probe == nil || q.probe.fits(payload) })
	if i < 0 {
		return nil
	}
	q := l.asked[i]
	for _, lost := range l.asked[:i] { // probes: executed as well, but their answers do not come any more
		close(lost.done)
	}
	clear(l.asked[:i+1])
	l.asked = l.asked[i+1:]
	l.confirmed = q.commands
	q.answer = payload
	close(q.done)
	return q
}

// Waiting returns the number of questions without an answer.
func (l *Lane) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.asked)
}

// Commands returns the number of commands appended so far.
func (l *Lane) Commands() uint64 { return l.commands.Load() }

// Settled reports whether the gateway has executed every command appended so
// far.
func (l *Lane) Settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.commands.Load() == l.confirmed
}

// TakeUnconfirmed returns the number of commands appended of which no answer has
// said that the gateway has executed them, once: it is for a connection that has
// ended.
func (l *Lane) TakeUnconfirmed() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	commands := l.commands.Load()
	count := commands - l.confirmed
	l.confirmed = commands
	return count
}

// End fails every question with err, and those asked later. It returns the
// questions that were waiting.
func (l *Lane) End(err error) []*Question {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil
	}
	l.err = err
	asked := l.asked
	l.asked = nil
	for _, q := range asked {
		q.err = err
		close(q.done)
	}
	return asked
}

// Settle waits until the gateway has executed every command appended before. It
// asks the gateway something that no program asks, unless that is under way or
// not needed. A connection that has ended has nothing to wait for.
func (l *Lane) Settle(ctx context.Context) error {
	for {
		q, err := l.probe()
		if errors.Is(err, innerconn.ErrBufferFull) {
			l.out.Flush()
			if err := l.out.WaitRoom(ctx); err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		if q == nil || err != nil {
			return nil
		}
		l.out.Flush()
		select {
		case <-q.done:
			return nil
		case <-ctx.Done():
			l.mu.Lock()
			q.given = true
			l.mu.Unlock()
			return ctx.Err()
		}
	}
}

// A probe is a question about no client (connection ids start at 1) whose answer
// is known beforehand.
type probe struct {
	cmd    gatewayprotocol.Command
	answer byte // the first of the answer
}

func (p *probe) fits(payload []byte) bool { return len(payload) > 0 && payload[0] == p.answer }

// There are two probes, because a gateway whose buffer is full drops an answer
// silently. The next answer would be taken for the one that was dropped,
// and so would each that follows: never too early, but one probe would always be
// left over. An answer of the other kind shows what was lost.
var probes = [2]probe{
	{gatewayprotocol.CmdIsOnline, 'i'},             // i:0;
	{gatewayprotocol.CmdGetSessionByClientID, 'N'}, // N;
}

// probe returns a question behind all commands appended before, or nil if they
// have been executed.
func (l *Lane) probe() (*Question, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	commands := l.commands.Load()
	if l.confirmed >= commands {
		return nil, nil
	}
	p, now := &probes[0], time.Now()
	if n := len(l.asked); n > 0 {
		if last := l.asked[n-1]; last.commands >= commands && !last.given {
			return last, nil
		}
		if oldest := l.asked[0]; oldest.probe != nil {
			p = oldest.probe
			if now.Sub(oldest.asked) > l.patience { // its answer is lost
				p = p.other()
			}
		}
	}
	q := &Question{probe: p, asked: now, done: make(chan struct{})}
	_, err := l.askLocked(q, gatewayprotocol.Message{Cmd: p.cmd, Flag: gatewayprotocol.FlagBodyIsScalar})
	return q, err
}

func (p *probe) other() *probe {
	if p == &probes[0] {
		return &probes[1]
	}
	return &probes[0]
}
