package businessworker

import "time"

// monitorInterval is how soon the pool grows, and a reader is replaced, when
// handlers block.
const monitorInterval = time.Millisecond

// watchLocked makes the monitor look while there is something to do. It goes on
// until it finds nothing: to start it for each batch would wake threads.
func (d *dispatcher) watchLocked() {
	if d.watching {
		return
	}
	d.watching = true
	d.takenSeen = d.taken
	if d.monitor == nil {
		d.monitor = time.AfterFunc(monitorInterval, d.watch)
	} else {
		d.monitor.Reset(monitorInterval)
	}
}

// watch replaces readers that are held up by a handler, and lets the pool grow
// by half when, while events waited, handlers took long.
func (d *dispatcher) watch() {
	d.mu.Lock()
	if d.closed || d.taken == d.takenSeen && d.ready.n == 0 && len(d.readers) == 0 {
		d.watching = false
		d.mu.Unlock()
		return
	}
	blocked := false
	for i := len(d.readers) - 1; i >= 0; i-- {
		if t := d.readers[i]; t.handled == t.seen {
			d.takeOverLocked(t)
			blocked = true
		} else {
			t.seen = t.handled
		}
	}
	if blocked {
		d.pooled.begin(time.Now())
	}
	if d.ready.n > 0 {
		busy := d.runningLocked()
		if quick := uint64(busy) * uint64(monitorInterval/slowHandler); d.taken-d.takenSeen < quick {
			for range min(max(1, busy/2), d.ready.n) {
				d.hireLocked()
			}
		}
	}
	d.takenSeen = d.taken
	d.monitor.Reset(monitorInterval)
	d.mu.Unlock()
	d.afterwork() // nothing may wait behind handlers that block
}
