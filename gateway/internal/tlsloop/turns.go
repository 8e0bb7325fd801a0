package tlsloop

import (
	"crypto/tls"
	"runtime"
	"sync"
)

// turns lets few handshakes compute at a time: each takes some tenths of a
// millisecond, and a thousand that want to at once would keep the goroutines that
// serve all others waiting for as many tenths. One that waits for its peer, or for
// what the program does in a callback, has no turn; one that has not begun has no
// goroutine either.
//
// Who waits gets the next turn in order of coming, those under way and those to
// be begun alternately: the former are few who compute little.
type turns struct {
	mu     sync.Mutex // guards what follows
	free   int
	begin  line[func()]        // to be run in a goroutine of its own
	resume line[chan struct{}] // closed when it is its turn
	begun  bool                // the last turn went to one of begin
}

// computing are the turns of all handshakes of the program: half the processors,
// so that the others are for those who are there already.
var computing = newTurns((runtime.GOMAXPROCS(0) + 1) / 2)

func newTurns(n int) *turns { return &turns{free: n} }

// start has f run in a goroutine, with a turn, which f gives back.
func (t *turns) start(f func()) {
	t.mu.Lock()
	now := t.free > 0
	if now {
		t.free--
	} else {
		t.begin.add(f)
	}
	t.mu.Unlock()
	if now {
		go f()
	}
}

// take returns when it is the caller's turn.
func (t *turns) take() {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return
	}
	mine := make(chan struct{})
	t.resume.add(mine)
	t.mu.Unlock()
	<-mine
}

// give ends the caller's turn.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case !t.resume.empty() && (t.begun || t.begin.empty()):
		t.begun = false
		close(t.resume.next())
	case !t.begin.empty():
		t.begun = true
		go t.begin.next()()
	default:
		t.free++
	}
}

// line is who waits, first come first.
type line[T any] struct {
	all   []T
	first int
}

func (l *line[T]) empty() bool { return l.first == len(l.all) }

func (l *line[T]) add(v T) {
	if l.first > len(l.all)/2 { // those that have left make room
		n := copy(l.all, l.all[l.first:])
		clear(l.all[n:])
		l.all, l.first = l.all[:n], 0
	}
	l.all = append(l.all, v)
}

func (l *line[T]) next() (v T) {
	v, l.all[l.first] = l.all[l.first], v
	l.first++
	if l.empty() {
		*l = line[T]{}
	}
	return v
}

// Config returns what handshakes are to be made with in place of cfg: the same,
// but that the callbacks which choose a certificate may take their time, such as
// to ask another program. nil stays nil.
func Config(cfg *tls.Config) *tls.Config {
	if cfg == nil || cfg.GetCertificate == nil && cfg.GetConfigForClient == nil {
		return cfg
	}
	out := cfg.Clone()
	if f := cfg.GetCertificate; f != nil {
		out.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			computing.give()
			defer computing.take()
			return f(hello)
		}
	}
	if f := cfg.GetConfigForClient; f != nil {
		out.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			computing.give()
			defer computing.take()
			return f(hello)
		}
	}
	return out
}
