package compattests

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A stage is one run of one scenario: the programs under test, the scripted
// peers around them and the transcript of what passed between them.
//
// The scenario runs on one goroutine, and only that goroutine writes the
// transcript; each peer has a goroutine that reads into its buffer.
type stage struct {
	tb       testing.TB
	scenario *scenario
	cast     cast
	dir      string // for files of the programs under test

	mu   sync.Mutex    // guards the buffers of all streams
	news chan struct{} // holds a token when a buffer changed

	names     names
	lines     []string
	play      *transcript // the recorded conversations of PHP actors, when replaying
	gateways  []*gatewayUnderTest
	registers []*registerUnderTest
	workers   []*inner
	clients   []*client
	inners    []*inner
	askers    int
	peers     int
	cleanups  []func()
	readers   sync.WaitGroup
	upgrades  []func() error // of each program under test; see upgradeVariable
	upgraded  int            // how often that was done
}

// patience is how long a peer waits for what must come, on a machine that does
// other things as well.
const patience = time.Minute

// halt ends a scenario: what must come did not.
type halt struct{ err error }

func (s *stage) fail(format string, args ...any) {
	panic(halt{fmt.Errorf(format, args...)})
}

func (s *stage) check(err error) {
	if err != nil {
		s.fail("%v", err)
	}
}

// log adds a line to the transcript.
func (s *stage) log(format string, args ...any) {
	s.upgradeBetweenSteps()
	s.lines = append(s.lines, s.names.replace(fmt.Sprintf(format, args...)))
}

// note puts a comment of the scenario into the transcript.
func (s *stage) note(format string, args ...any) {
	s.log("# "+format, args...)
}

// await waits until cond holds. cond is called with s.mu held.
func (s *stage) await(cond func() bool) bool {
	return s.awaitFor(patience, cond)
}

func (s *stage) awaitFor(limit time.Duration, cond func() bool) bool {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		ok := cond()
		s.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-s.news:
		case <-timeout.C:
			return false
		}
	}
}

// wake makes await look again.
func (s *stage) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// cleanup registers what is to be undone when the scenario is over, last first.
func (s *stage) cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

// perform runs the scenario with the given cast and returns its transcript.
func (sc *scenario) perform(tb testing.TB, c cast, play *transcript) (lines []string, err error) {
	s := &stage{tb: tb, scenario: sc, cast: c, dir: tb.TempDir(), news: make(chan struct{}, 1), play: play}
	defer func() {
		for _, clean := range slices.Backward(s.cleanups) {
			clean()
		}
		s.readers.Wait()
		lines = s.lines
		if r := recover(); r != nil {
			h, ok := r.(halt)
			if !ok {
				panic(r)
			}
			err = h.err
		}
		if err != nil {
			err = fmt.Errorf("%w\ntranscript so far:\n%s\n%s", err, strings.Join(lines, "\n"), s.serverLogs())
		}
	}()
	sc.run(s)
	return s.lines, nil
}

// serverLogs returns the end of what the programs under test have logged.
func (s *stage) serverLogs() string {
	var out strings.Builder
	files, _ := filepath.Glob(filepath.Join(s.dir, "*", "*.log"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if len(data) > 2000 {
			data = data[len(data)-2000:]
		}
		fmt.Fprintf(&out, "--- %s\n%s", filepath.Base(f), data)
	}
	return out.String()
}
