package logging

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// A Writer hands lines on to another writer, in a goroutine of its own, so that
// a reader who is slow, hangs or is gone never delays the program that logs.
// Lines that find its buffer full, or that the other writer refuses, are dropped
// and counted; once the other writer takes bytes again it gets a line that says
// how many are missing, in the place where they are.
//
// Write expects whole lines, as logrus writes them. It may be called from
// several goroutines.
type Writer struct {
	out   io.Writer
	limit int
	lost  func(lines int) []byte
	done  chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex // guards what follows
	wake    *sync.Cond // on mu: waiting, dropped or closed has changed
	waiting []byte     // lines that out has not been given yet
	dropped int        // lines that were lost behind those
	closed  bool
}

// NewWriter returns a Writer to out. At most limit bytes wait while as many are
// being written. lost makes the line that says how many lines are missing; it
// runs in the Writer's goroutine. Close ends that goroutine.
func NewWriter(out io.Writer, limit int, lost func(lines int) []byte) *Writer {
	w := &Writer{out: out, limit: limit, lost: lost, done: make(chan struct{})}
	w.wake = sync.NewCond(&w.mu)
	go w.run()
	return w
}

// Write takes a line, or drops it. It always reports success: its caller could
// not do anything about a failure, and logrus would print it to the very stderr
// that takes no bytes.
func (w *Writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return len(line), nil
	}
	// Behind lost lines none is taken until the goroutine has come by, so that
	// the loss can be told in its place.
	if w.dropped > 0 || len(w.waiting)+len(line) > w.limit {
		w.dropped++
	} else {
		w.waiting = append(w.waiting, line...)
	}
	w.wake.Signal()
	return len(line), nil
}

// Close waits until all lines are written, but not longer than timeout, and
// reports whether they were. Lines that come later are dropped. It does not
// close the writer behind it.
func (w *Writer) Close(timeout time.Duration) bool {
	w.mu.Lock()
	w.closed = true
	w.wake.Signal()
	w.mu.Unlock()
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case <-w.done:
		return true
	case <-t.C:
		return false
	}
}

// run hands the lines on until Close.
func (w *Writer) run() {
	defer close(w.done)
	missing := 0 // lines that are lost and not told yet
	for {
		w.mu.Lock()
		for len(w.waiting) == 0 && w.dropped == 0 && !w.closed {
			w.wake.Wait()
		}
		if len(w.waiting) == 0 && w.dropped == 0 {
			w.mu.Unlock()
			return
		}
		lines, dropped := w.waiting, w.dropped
		w.waiting, w.dropped = nil, 0
		w.mu.Unlock()

		for line := range bytes.Lines(lines) {
			missing = w.tell(missing)
			if missing > 0 || !w.put(line) {
				missing++
			}
		}
		missing = w.tell(missing + dropped)
	}
}

// tell writes that lines are missing, if there are any, and returns how many
// are still to be told.
func (w *Writer) tell(missing int) int {
	if missing > 0 && w.put(w.lost(missing)) {
		return 0
	}
	return missing
}

// put writes one line, with one call so that lines of several processes do not
// mix, and reports whether it is written.
func (w *Writer) put(line []byte) bool {
	_, err := w.out.Write(line)
	return err == nil
}
