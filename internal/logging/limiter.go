package logging

import (
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

// How many lines of one kind a [Limiter] lets through.
const (
	limiterBurst    = 10
	limiterInterval = time.Second
)

// A Limiter bounds the lines that a peer can cause: of each kind 10 at once, and
// then one per second. The zero Limiter is ready for use.
//
// A kind is a constant of the program that logs, such as "bad data". It never
// has anything in it that a peer chooses, an address for example: a Limiter keeps
// every kind that it has seen.
type Limiter struct {
	mu    sync.Mutex // guards kinds
	kinds map[string]*limited
}

// limited is one kind.
type limited struct {
	tokens     int       // lines that may still come at once
	since      time.Time // when tokens was right
	suppressed int       // lines since the last that was let through
	last       time.Time // when one was let through
	pending    bool      // tell will be called
	late       func(suppressed int)
}

// Allow reports whether a line of the kind may be logged now, and how many of
// its kind were not since the last one.
func (l *Limiter) Allow(kind string) (suppressed int, ok bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kinds[kind]
	if k == nil {
		if l.kinds == nil {
			l.kinds = map[string]*limited{}
		}
		k = &limited{tokens: limiterBurst, since: now}
		l.kinds[kind] = k
	}
	if gained := int(now.Sub(k.since) / limiterInterval); k.tokens+gained >= limiterBurst {
		k.tokens, k.since = limiterBurst, now
	} else {
		k.tokens += gained
		k.since = k.since.Add(time.Duration(gained) * limiterInterval)
	}
	if k.tokens == 0 {
		k.suppressed++
		return 0, false
	}
	k.tokens--
	suppressed, k.suppressed = k.suppressed, 0
	k.last = now
	return suppressed, true
}

// quiet is how long no line of a kind was let through when the rest of those that
// were suppressed is told: no other line would tell it.
const quiet = 2 * limiterInterval

// later has the lines that were suppressed last be told when no more come.
func (l *Limiter) later(kind string, late func(suppressed int)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kinds[kind]
	k.late = late
	if !k.pending {
		k.pending = true
		time.AfterFunc(quiet, func() { l.tell(k) })
	}
}

func (l *Limiter) tell(k *limited) {
	l.mu.Lock()
	if since := time.Since(k.last); since < quiet && k.suppressed > 0 {
		time.AfterFunc(quiet-since, func() { l.tell(k) })
		l.mu.Unlock()
		return
	}
	suppressed, late := k.suppressed, k.late
	k.suppressed, k.late, k.pending = 0, nil, false
	l.mu.Unlock()
	if suppressed > 0 {
		late(suppressed)
	}
}

// Warn logs msg as a warning, if a line of the kind may be logged now. The field
// suppressed says how many were not since the last one.
func (l *Limiter) Warn(kind string, log logrus.FieldLogger, msg string) {
	l.WarnFunc(kind, msg, func() logrus.FieldLogger { return log })
}

// WarnFunc is Warn for lines that are often suppressed: log makes the fields,
// only if the line is logged.
func (l *Limiter) WarnFunc(kind, msg string, log func() logrus.FieldLogger) {
	suppressed, ok := l.Allow(kind)
	if !ok {
		l.later(kind, func(suppressed int) {
			log().WithField("suppressed", suppressed).Warn(msg)
		})
		return
	}
	entry := log()
	if suppressed > 0 {
		entry = entry.WithField("suppressed", suppressed)
	}
	entry.Warn(msg)
}
