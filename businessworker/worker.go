package businessworker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
	"github.com/go-gatewayworker/gatewayworker/register"
	"github.com/sirupsen/logrus"
)

// A Worker connects to all gateways of a cluster and handles what their clients
// do. Make one with [New] and start it with [Worker.Run].
type Worker struct {
	opts       Options
	log        logrus.FieldLogger
	hello      []byte // body of CmdWorkerConnect
	call       callbacks
	client     *gatewayclient.Client
	pool       *innerclient.Pool
	transport  *transport
	watcher    *register.Watcher
	gateways   *gatewaySet
	dispatcher *dispatcher
	stats      counters

	ctx        context.Context // of handlers: ends when the worker is closed
	cancel     context.CancelFunc
	intake     context.Context // of connecting: ends when the worker begins to stop
	stopIntake context.CancelFunc
	watched    chan struct{} // closed when Registers are not followed any more

	dirtyMu sync.Mutex // guards dirty
	dirty   []*gatewayConn

	mu      sync.Mutex // guards all below
	started bool
	stop    *stopping // nil until the stop begins
}

// stopping is a graceful stop under way.
type stopping struct {
	done chan struct{} // closed when it is over
	err  error         // valid after done
}

// New returns a Worker that hands events to h. It fails for options that the
// protocol has no room for.
func New(h Handler, opts Options) (*Worker, error) {
	opts = opts.withDefaults()
	key := fmt.Sprintf("%s:%d", opts.Name, opts.ID)
	hello, err := gatewayprotocol.AppendWorkerConnectBody(nil, key, opts.SecretKey)
	if err != nil {
		return nil, fmt.Errorf("businessworker: name or secret key: %w", err)
	}
	w := &Worker{
		opts:    opts,
		log:     opts.Logger.WithFields(logrus.Fields{"role": "businessworker", "worker_key": key}),
		hello:   hello,
		call:    callbacksOf(h),
		watched: make(chan struct{}),
	}
	w.pool, err = innerclient.NewPool(innerclient.Options{
		SecretKey:      opts.SecretKey,
		ConnectTimeout: opts.ConnectTimeout,
		QueryTimeout:   opts.QueryTimeout,
		SendTimeout:    opts.SendTimeout,
		SendNoWait:     opts.SendTimeout < 0,
		IdleTimeout:    gatewayclient.DefaultIdleTimeout,
		BufferSize:     opts.SendToGatewayBufferSize,
		MaxReplySize:   gatewayclient.DefaultMaxReplySize,
		MaxConnections: gatewayclient.DefaultMaxConnections,
		Dial:           opts.Dial,
		Logger:         w.log,
	})
	if err != nil {
		return nil, fmt.Errorf("businessworker: secret key: %w", err)
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.intake, w.stopIntake = context.WithCancel(w.ctx)
	w.gateways = newGatewaySet(w)
	w.dispatcher = &dispatcher{
		run:        w.handle,
		flush:      w.flush,
		maximum:    opts.Concurrency,
		processors: runtime.GOMAXPROCS(0),
		queueSize:  opts.QueueSize,
		queueBytes: opts.QueueBytes,
	}
	w.watcher, err = register.NewWatcher(w.gateways.replace, register.ClientOptions{
		RegisterAddresses: opts.RegisterAddresses,
		SecretKey:         opts.SecretKey,
		QueryTimeout:      opts.QueryTimeout,
		Logger:            w.log,
		Dial:              opts.Dial,
	})
	if err != nil {
		return nil, err
	}
	w.transport = &transport{worker: w, pool: w.pool}
	w.client = innerclient.NewClient(w.transport).(*gatewayclient.Client)
	return w, nil
}

// Gateway returns the way to talk to all clients, over the worker's
// connections. It may be used from OnStart to the end of OnStop.
func (w *Worker) Gateway() *gatewayclient.Client { return w.client }

// Run starts the worker and returns when it has stopped: after the end of ctx,
// with a graceful stop of at most Options.ShutdownTimeout, or after Shutdown or
// Close. It returns nil when every event received was handled, and else a
// [*StopError]; an error of OnStart is returned as it is. A Worker runs once.
func (w *Worker) Run(ctx context.Context) error {
	w.mu.Lock()
	if w.started || w.stop != nil {
		w.mu.Unlock()
		return ErrWorkerClosed
	}
	w.started = true
	w.mu.Unlock()

	go func() {
		defer close(w.watched)
		_ = w.watcher.Run(w.intake) // ends with its context only
	}()
	if err := w.start(); err != nil {
		w.Close()
		return err
	}
	close(w.gateways.ready)

	select {
	case <-ctx.Done():
		sctx, cancel := context.WithTimeout(context.Background(), w.opts.ShutdownTimeout)
		defer cancel()
		return w.Shutdown(sctx)
	case <-w.intake.Done():
		return w.Shutdown(context.Background()) // waits for the one under way
	}
}

func (w *Worker) start() (err error) {
	if w.call.start == nil {
		return nil
	}
	defer w.contain("OnStart", nil, &err)
	return w.call.start(w.ctx, w)
}

// Shutdown stops the worker gracefully: it tells the gateways that it leaves,
// handles every event that they sent before, calls OnStop, sends what is left
// to send and closes the connections. If ctx ends first, the contexts of the
// handlers end, connections are closed, and ctx's error is returned: as a
// [*StopError] if events were left.
func (w *Worker) Shutdown(ctx context.Context) error {
	s, first := w.beginStop()
	if first {
		s.err = w.shutdown(ctx)
		close(s.done)
		return s.err
	}
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Worker) beginStop() (s *stopping, first bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stop != nil {
		return w.stop, false
	}
	w.stop = &stopping{done: make(chan struct{})}
	if !w.started {
		close(w.watched)
	}
	return w.stop, true
}

func (w *Worker) shutdown(ctx context.Context) error {
	w.gateways.stop()
	w.stopIntake()
	<-w.watched
	err := w.gateways.finish(ctx)
	left, werr := w.dispatcher.wait(ctx)
	err = errors.Join(err, werr)
	if w.call.stop != nil && err == nil && w.isStarted() {
		err = w.callStop(ctx)
	}
	err = errors.Join(err, w.pool.Flush(ctx))
	w.close()
	if left > 0 {
		return &StopError{Events: left, Err: err}
	}
	return err
}

func (w *Worker) isStarted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.started
}

func (w *Worker) callStop(ctx context.Context) (err error) {
	defer w.contain("OnStop", nil, &err)
	return w.call.stop(ctx, w)
}

// close ends everything at once.
func (w *Worker) close() {
	w.gateways.stop()
	w.cancel()
	w.dispatcher.close()
	w.gateways.closeAll()
	w.pool.Close()
}

// Close stops the worker at once: the contexts of handlers end, events that
// wait are dropped, connections are closed. Prefer [Worker.Shutdown].
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
	}
	<-s.done
	return nil
}

// handle runs one event of a client; see BusinessWorker::onGatewayMessage.
func (w *Worker) handle(c *clientState, e *Event) {
	s := &e.session
	s.begin(e, c)
	err := w.callHandler(e)
	w.stats.events.Add(1)
	if err == nil {
		err = s.Save(w.ctx)
	} else if errors.Is(err, errPanicked) {
		return
	} else {
		err = errors.Join(err, s.Save(w.ctx))
	}
	if err == nil && s.err != nil {
		err = fmt.Errorf("session: %w", s.err)
	}
	if err != nil {
		w.stats.errors.Add(1)
		w.log.WithError(err).WithFields(logrus.Fields{"client_id": e.ClientID().String(), "event": e.msg.Cmd.String()}).
			Error("handler failed")
	}
}

var errPanicked = errors.New("panic")

func (w *Worker) callHandler(e *Event) (err error) {
	defer w.contain("handler", e, &err)
	switch e.msg.Cmd {
	case gatewayprotocol.CmdOnMessage:
		return w.call.message(w.ctx, e, e.msg.Body)
	case gatewayprotocol.CmdOnConnect:
		if w.call.connect != nil {
			return w.call.connect(w.ctx, e)
		}
	case gatewayprotocol.CmdOnClose:
		if w.call.closed != nil {
			return w.call.closed(w.ctx, e)
		}
	case gatewayprotocol.CmdOnWebSocketConnect:
		if w.call.webSocketConnect != nil {
			hs, err := decodeHandshake(&e.msg)
			if err != nil {
				return err
			}
			return w.call.webSocketConnect(w.ctx, e, hs)
		}
	}
	return nil
}

// contain makes an error of a panic. It must be deferred.
func (w *Worker) contain(what string, e *Event, err *error) {
	r := recover()
	if r == nil {
		return
	}
	w.stats.panics.Add(1)
	log := w.log.WithField("stack", string(debug.Stack()))
	if e != nil {
		log = log.WithFields(logrus.Fields{"client_id": e.ClientID().String(), "event": e.msg.Cmd.String()})
	}
	log.Errorf("panic in %s: %v", what, r)
	*err = fmt.Errorf("businessworker: %w in %s: %v", errPanicked, what, r)
}

func (w *Worker) addDirty(gc *gatewayConn) {
	w.dirtyMu.Lock()
	w.dirty = append(w.dirty, gc)
	w.dirtyMu.Unlock()
}

// flush sends the commands that were left for the end of the batch.
func (w *Worker) flush() {
	w.dirtyMu.Lock()
	if len(w.dirty) == 0 {
		w.dirtyMu.Unlock()
		return
	}
	dirty := w.dirty
	w.dirty = nil
	w.dirtyMu.Unlock()
	for _, gc := range dirty {
		gc.flush()
	}
}
