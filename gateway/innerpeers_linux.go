package gateway

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// peerWatch has the connections of the inner port looked at from time to time: a
// peer that has vanished while bytes are under way to it is given up, where the
// kernel would send them again for a quarter of an hour. The loop only says which
// connections there are.
type peerWatch struct {
	timer *time.Timer // nil before start
	due   atomic.Bool
}

func (l *innerLoop) watchPeers() {
	l.peers.timer = time.AfterFunc(keepalive.Look, func() {
		l.peers.due.Store(true)
		l.poller.Wake()
	})
}

// lookAtPeers starts a look at the connections there are, if it is time.
func (l *innerLoop) lookAtPeers() {
	if !l.peers.due.Swap(false) {
		return
	}
	conns := make([]*innerConn, 0, len(l.conns))
	for _, ic := range l.conns {
		conns = append(conns, ic)
	}
	l.gw.goRun(func() {
		for part := range slices.Chunk(conns, 64) {
			for _, ic := range part {
				ic.look()
			}
			time.Sleep(time.Millisecond) // commands come first
		}
		l.peers.timer.Reset(keepalive.Look)
	})
}

// look gives the peer up if it has vanished.
func (w *innerConn) look() {
	w.mu.Lock()
	underWay := w.underWay && w.state&(innerClosed|innerClosing) == 0
	w.underWay = false
	w.mu.Unlock()
	if !underWay {
		return
	}
	flight, err := w.sock.Flight()
	if err != nil {
		return
	}
	switch w.stall.Seen(flight, time.Now()) {
	case keepalive.Vanished:
		w.vanished(keepalive.ErrVanished)
	case keepalive.Waiting:
		w.mu.Lock()
		w.underWay = true
		w.mu.Unlock()
	}
}
