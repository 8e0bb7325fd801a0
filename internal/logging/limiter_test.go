package logging_test

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

// flood calls Allow n times, and returns how many lines were let through and
// what their counts of suppressed lines sum up to.
func flood(l *logging.Limiter, kind string, n int) (lines, suppressed int) {
	for range n {
		if s, ok := l.Allow(kind); ok {
			lines++
			suppressed += s
		}
	}
	return lines, suppressed
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logging.Limiter
		want := func(kind string, n, wantLines, wantSuppressed int) {
			t.Helper()
			if lines, suppressed := flood(&l, kind, n); lines != wantLines || suppressed != wantSuppressed {
				t.Errorf("%d lines, %d suppressed; want %d and %d", lines, suppressed, wantLines, wantSuppressed)
			}
		}
		want("a", 1000, 10, 0)
		want("b", 5, 5, 0) // another kind is not concerned
		time.Sleep(time.Second - 1)
		want("a", 10, 0, 0)
		time.Sleep(time.Nanosecond)
		want("a", 10, 1, 1000)
		time.Sleep(2500 * time.Millisecond)
		want("a", 10, 2, 9)
		time.Sleep(500 * time.Millisecond) // the half second from before counts
		want("a", 10, 1, 8)
		time.Sleep(time.Hour)
		want("a", 1000, 10, 9)
		time.Sleep(time.Hour)
		want("a", 0, 0, 0)
		want("a", 1, 1, 990)
	})
}

// The rate holds over a long flood: never more than the burst and one a second.
func TestLimiterRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l logging.Limiter
		lines := 0
		for range 5000 {
			n, _ := flood(&l, "a", 4)
			lines += n
			time.Sleep(time.Millisecond)
		}
		if lines != 10+4 { // the fifth second is just over
			t.Errorf("%d lines in 5 s", lines)
		}
	})
}

func TestLimiterWarn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, buf := textLogger(slog.LevelInfo)
		log := logging.Choose(nil, s)
		var l logging.Limiter
		for range 12 {
			l.Warn("bad data", log.WithField("remote", "127.0.0.1:5"), "bad data")
		}
		time.Sleep(time.Second)
		l.Warn("bad data", log, "bad data")
		lines := strings.Split(strings.TrimSpace(buf.String()), "\n")
		if len(lines) != 11 || lines[0] != `level=WARN msg="bad data" remote=127.0.0.1:5` || lines[10] != `level=WARN msg="bad data" suppressed=2` {
			t.Errorf("%q", lines)
		}
	})
}

// The end of a flood is told when no other line of its kind comes.
func TestLimiterTellsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, buf := textLogger(slog.LevelInfo)
		log := logging.Choose(nil, s)
		var l logging.Limiter
		for range 15 {
			l.Warn("bad data", log, "bad data")
		}
		time.Sleep(1500 * time.Millisecond)
		l.Warn("bad data", log, "bad data") // tells 5
		for range 3 {
			l.Warn("bad data", log, "bad data")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		lines := strings.Split(strings.TrimSpace(buf.String()), "\n")
		if len(lines) != 12 || !strings.HasSuffix(lines[10], " suppressed=5") || !strings.HasSuffix(lines[11], " suppressed=3") {
			t.Errorf("%q", lines)
		}
	})
}
