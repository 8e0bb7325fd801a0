package businessworker

import "sync/atomic"

type counters struct {
	events, errors, panics, refused atomic.Uint64
}

// counters are what Stats counts since the start, in an order that does not change.
func (w *Worker) counters() []*atomic.Uint64 {
	s := &w.stats
	return []*atomic.Uint64{&s.events, &s.errors, &s.panics, &s.refused, &w.dispatcher.pauses}
}

// Stats are numbers of a [Worker], for monitoring.
type Stats struct {
	Gateways int // connected now
	Clients  int // known now: they did something and are not closed
	Waiting  int // events received and not completely handled
	Busy     int // handlers that run
	Buffered int // bytes that wait to be sent to gateways

	Events  uint64 // handled since the start
	Errors  uint64 // handlers that returned an error, and sessions that could not be loaded or written
	Panics  uint64 // handlers that panicked
	Pauses  uint64 // times that reading from a gateway stopped at QueueSize or QueueBytes
	Refused uint64 // commands that failed with ErrSendBufferFull
}

// Stats returns the current numbers.
func (w *Worker) Stats() Stats {
	s := Stats{
		Events:  w.stats.events.Load(),
		Errors:  w.stats.errors.Load(),
		Panics:  w.stats.panics.Load(),
		Refused: w.stats.refused.Load(),
		Pauses:  w.dispatcher.pauses.Load(),
	}
	s.Waiting, s.Busy, s.Clients = w.dispatcher.numbers()
	for _, gc := range *w.gateways.conns.Load() {
		s.Gateways++
		s.Buffered += gc.out.Buffered()
	}
	return s
}
