package businessworker

import (
	"context"
	"time"
)

// silencePatience is how long gateways that do not close their connections are
// waited for once no event is left. PHP's worker takes as long to stop.
const silencePatience = time.Second

// farewellTimeout is what OnStop and the last commands get when the graceful
// stop has run out of time.
const farewellTimeout = time.Second

// stopping is a stop under way.
type stopping struct {
	done chan struct{} // closed when it is over
	err  error         // valid after done
}

// Shutdown stops the worker gracefully: it tells the gateways that it leaves,
// handles every event that they sent before, calls OnStop, sends what is left
// to send and closes the connections. A gateway that does not close its side is
// waited for until no event has come for a second.
//
// If ctx ends first, the contexts of the handlers end and the connections are
// closed. OnStop is called then, too, with a second of its own, and Shutdown
// returns ctx's error: as a [*StopError] if events were left.
//
// Called by a handler, which would wait for itself, it returns nil at once and
// the worker stops when the handler has returned: before the deadline of ctx, or
// within Options.ShutdownTimeout if it has none. Run then returns the stop's result.
func (w *Worker) Shutdown(ctx context.Context) error {
	if inHandler() {
		deadline, ok := ctx.Deadline()
		if !ok {
			deadline = time.Now().Add(w.opts.ShutdownTimeout)
		}
		if s, first := w.beginStop(); first {
			go func() {
				ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), deadline)
				defer cancel()
				w.shutdown(ctx, s)
			}()
		}
		return nil
	}
	s, first := w.beginStop()
	if first {
		w.shutdown(ctx, s)
		return s.err
	}
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// beginStop reports whether the caller is to stop the worker: it is the first.
func (w *Worker) beginStop() (s *stopping, first bool) {
	w.standstill.RLock()
	defer w.standstill.RUnlock()
	return w.beginStopStanding()
}

// beginStopStanding is beginStop while standstill is held.
func (w *Worker) beginStopStanding() (s *stopping, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		return w.stop, false
	}
	w.stop = &stopping{done: make(chan struct{})}
	if !w.started {
		close(w.watched)
		close(w.startEnded)
	}
	return w.stop, true
}

func (w *Worker) shutdown(ctx context.Context, s *stopping) {
	defer close(s.done)
	w.gateways.stop()
	w.stopIntake()
	<-w.watched

	err := w.gateways.finish(ctx)
	left, waitErr := w.dispatcher.wait(ctx)
	if err == nil {
		err = waitErr
	}
	if err != nil { // out of time
		w.cancel()
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), w.farewell)
		defer cancel()
	}
	stopErr := w.sayFarewell(ctx)
	if err == nil {
		err = stopErr
	}
	w.close()
	if left > 0 {
		err = &StopError{Events: left, Err: err}
	}
	s.err = err
}

// sayFarewell calls OnStop if OnStart was successful, and sends what is left.
func (w *Worker) sayFarewell(ctx context.Context) error {
	select {
	case <-w.startEnded:
	case <-ctx.Done():
		return ctx.Err()
	}
	var err error
	if w.isStarted() && w.startErr == nil {
		err = w.callStop(ctx)
	}
	if flushErr := w.pool.Flush(ctx); err == nil {
		err = flushErr
	}
	return err
}

func (w *Worker) isStarted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.started
}

// close ends everything at once.
func (w *Worker) close() {
	w.gateways.stop()
	w.mu.Lock()
	for _, l := range w.taken { // Run was not called
		l.Close()
	}
	w.taken = nil
	w.mu.Unlock()
	w.cancel()
	w.dispatcher.close()
	w.gateways.closeAll()
	_ = w.pool.Close()
}

// Close stops the worker at once: the contexts of handlers end, events that
// wait are dropped, connections are closed, OnStop is not called. Prefer
// [Worker.Shutdown].
func (w *Worker) Close() error {
	s, first := w.beginStop()
	w.close()
	if first {
		<-w.watched
		w.gateways.wg.Wait()
		if left, err := w.dispatcher.wait(w.ctx); left > 0 {
			s.err = &StopError{Events: left, Err: err}
		}
		close(s.done)
	} else if !inHandler() {
		<-s.done
	}
	return nil
}
