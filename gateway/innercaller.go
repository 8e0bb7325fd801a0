package gateway

import (
	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// An inner connection is the caller of the commands that come by it. These
// methods are called by the goroutine that executes commands, without locks.

var _ command.Caller = (*innerConn)(nil)

// Authorized reports whether a connect command carried the secret key, or there
// is none.
func (w *innerConn) Authorized() bool { return w.authorized.Load() }

// Connected authorizes the connection and makes it, for a worker, the one of its
// worker key.
func (w *innerConn) Connected(worker bool, workerKey string) {
	w.authorized.Store(true)
	if w.keyTimer != nil {
		w.keyTimer.Stop()
	}
	if worker {
		w.gw.workerConnected(w, w.remoteIP+":"+workerKey)
	}
}

// Ended reports whether nothing more is to be read.
func (w *innerConn) Ended() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state&(innerClosing|innerClosed) != 0
}

// Reply queues the answer to a query.
func (w *innerConn) Reply(payload []byte) {
	w.mu.Lock()
	if w.state&(innerClosing|innerClosed) == 0 {
		w.batch.addConnLocked(w)
		if w.roomLocked() {
			w.out.reply(payload)
		}
	}
	w.mu.Unlock()
	w.flushIfLarge()
}

// Refuse logs a frame that had no effect.
func (w *innerConn) Refuse(m *gatewayprotocol.Message, err error) {
	w.gw.warn(w.gw.log.WithFields(logrus.Fields{
		"remote":    w.remote,
		"command":   m.Cmd.String(),
		"client_id": m.ClientID(),
	}).WithError(err), "command refused")
}

// Close closes the connection when what waits for it has been written.
func (w *innerConn) Close(err error) {
	w.gw.warn(w.gw.log.WithField("remote", w.remote).WithError(err), "closing inner connection")
	w.closeAfterFlush()
}
