package logging_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

// gate is a writer that blocks while it is closed, as a full pipe that is not
// read does, and fails while it is broken.
type gate struct {
	mu     sync.Mutex // guards the rest
	open   *sync.Cond
	closed bool
	broken bool
	got    bytes.Buffer
}

func newGate(closed bool) *gate {
	g := &gate{closed: closed}
	g.open = sync.NewCond(&g.mu)
	return g
}

func (g *gate) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.closed {
		g.open.Wait()
	}
	if g.broken {
		return 0, errors.New("broken pipe")
	}
	return g.got.Write(p)
}

func (g *gate) set(closed, broken bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed, g.broken = closed, broken
	g.open.Broadcast()
}

func (g *gate) text() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.String()
}

func lost(n int) []byte { return fmt.Appendf(nil, "(%d lost)\n", n) }

// write writes lines, which must not block.
func write(t *testing.T, w *logging.Writer, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if n, err := w.Write([]byte(line + "\n")); n != len(line)+1 || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	synctest.Wait()
}

func wantText(t *testing.T, g *gate, lines ...string) {
	t.Helper()
	if got, want := g.text(), strings.Join(lines, "\n")+"\n"; got != want {
		t.Errorf("written:\n%swant:\n%s", got, want)
	}
}

func TestWriterWritesLinesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newGate(false)
		w := logging.NewWriter(out, 100, lost)
		write(t, w, "one")
		wantText(t, out, "one")
		write(t, w, "two", "three")
		if !w.Close(time.Second) {
			t.Error("Close did not write everything")
		}
		wantText(t, out, "one", "two", "three")
		write(t, w, "late")
		wantText(t, out, "one", "two", "three")
	})
}

// A reader that hangs costs the lines that find no room, which are counted where
// they are missing.
func TestWriterDropsAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newGate(true)
		w := logging.NewWriter(out, 8, lost)
		write(t, w, "one") // taken by the goroutine, which hangs in it
		write(t, w, "two", "six", "seven", "x")
		out.set(false, false)
		synctest.Wait()
		write(t, w, "ten")
		w.Close(time.Second)
		wantText(t, out, "one", "two", "six", "(2 lost)", "ten")
	})
}

// What the other writer refuses is counted, and told as soon as it is possible.
func TestWriterSurvivesErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newGate(false)
		w := logging.NewWriter(out, 100, lost)
		write(t, w, "one")
		out.set(false, true)
		write(t, w, "two", "three")
		write(t, w, "four")
		out.set(false, false)
		write(t, w, "five")
		w.Close(time.Second)
		wantText(t, out, "one", "(3 lost)", "five")
	})
}

func TestWriterCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := newGate(true)
		w := logging.NewWriter(out, 100, lost)
		write(t, w, "one")
		before := time.Now()
		if w.Close(time.Second) {
			t.Error("Close says that a line is written, which it is not")
		}
		if d := time.Since(before); d != time.Second {
			t.Errorf("Close took %v, want a second", d)
		}
		out.set(false, false)
		synctest.Wait()
		wantText(t, out, "one")
	})
}

func TestWriterFromSeveralGoroutines(t *testing.T) {
	out := newGate(false)
	w := logging.NewWriter(out, 1<<20, lost)
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 1000 {
				_, _ = w.Write([]byte("a line\n"))
			}
		})
	}
	writers.Wait()
	if !w.Close(time.Minute) {
		t.Fatal("Close did not write everything")
	}
	if n := strings.Count(out.text(), "a line\n"); n != 4000 || out.got.Len() != 4000*7 {
		t.Errorf("%d lines in %d bytes", n, out.got.Len())
	}
}
