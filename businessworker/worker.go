package businessworker

import (
	"context"
	"sync"
	"time"

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
	unwritten  unwritten
	stats      counters
	farewell   time.Duration // farewellTimeout; tests have their own

	ctx        context.Context // of handlers: ends when the worker is closed
	cancel     context.CancelFunc
	intake     context.Context // of connecting: ends when the worker begins to stop
	stopIntake context.CancelFunc
	watched    chan struct{} // closed when Registers are no longer followed
	startEnded chan struct{} // closed when OnStart has returned
	startErr   error         // of OnStart; valid after startEnded

	// standstill is held for reading while connections begin and end, and while a
	// stop begins, for writing while all stands still; see StandStill. It is taken
	// before all others.
	standstill sync.RWMutex

	mu      sync.Mutex // guards all below
	started bool
	taken   []*register.TakenLink // of another process, until Run
	stop    *stopping             // nil until the stop begins
}

// New returns a Worker that hands events to h. It fails with an [*OptionError].
func New(h Handler, opts Options) (*Worker, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	key := opts.workerKey()
	hello, err := gatewayprotocol.AppendWorkerConnectBody(nil, key, opts.SecretKey)
	if err != nil {
		return nil, err // withDefaults has refused what JSON cannot hold
	}
	w := &Worker{
		opts:  opts,
		log:   opts.Logger.WithFields(logrus.Fields{"role": "businessworker", "worker_key": key}),
		hello: hello,
		call:  callbacksOf(h),

		farewell:   farewellTimeout,
		watched:    make(chan struct{}),
		startEnded: make(chan struct{}),
	}
	w.pool, err = innerclient.NewPool(innerclient.Options{
		SecretKey:      opts.SecretKey,
		ConnectTimeout: opts.ConnectTimeout,
		QueryTimeout:   opts.QueryTimeout,
		SendTimeout:    opts.SendTimeout,
		SendNoWait:     opts.SendNoWait,
		IdleTimeout:    gatewayclient.DefaultIdleTimeout,
		BufferSize:     opts.SendToGatewayBufferSize,
		MaxReplySize:   gatewayclient.DefaultMaxReplySize,
		MaxConnections: gatewayclient.DefaultMaxConnections,
		Dial:           opts.Dial,
		Logger:         w.log,
	})
	if err != nil {
		return nil, err
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.intake, w.stopIntake = context.WithCancel(w.ctx)
	w.gateways = newGatewaySet(w)
	w.dispatcher = newDispatcher(opts.Concurrency, opts.QueueSize, opts.QueueBytes)
	w.dispatcher.run, w.dispatcher.flush = w.handle, w.unwritten.flush
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

// Name returns Options.Name, or its default ($worker->name).
func (w *Worker) Name() string { return w.opts.Name }

// ID returns Options.ID, or the number that was chosen in its place
// ($worker->id).
func (w *Worker) ID() int { return w.opts.ID }

// Gateway returns the way to talk to all clients, over the worker's
// connections. It may be used from OnStart to the end of OnStop.
func (w *Worker) Gateway() *gatewayclient.Client { return w.client }

// Run starts the worker and returns when it has stopped: after the end of ctx,
// with a graceful stop of at most Options.ShutdownTimeout, or after Shutdown or
// Close. It returns nil when every event received was handled, and else a
// [*StopError]; an error of OnStart is returned as it is. A Worker runs once. After
// TakeOver, Run goes on with what that has taken over.
//
// The worker connects to gateways in the background, and clients that come before
// a gateway has any worker are disconnected. A program that runs the gateway as
// well, such as a test, can wait with gateway.Options.OnBusinessWorkerConnected.
// The Gateways of [Worker.Stats] counts connections that the worker has opened: a
// gateway may not have accepted the newest yet.
func (w *Worker) Run(ctx context.Context) error {
	w.mu.Lock()
	if w.started || w.stop != nil {
		w.mu.Unlock()
		return ErrWorkerClosed
	}
	w.started = true
	taken := w.taken
	w.taken = nil
	w.mu.Unlock()

	for _, l := range taken {
		if !w.watcher.Adopt(l) {
			l.Close() // the options do not name its Register
		}
	}
	go func() {
		defer close(w.watched)
		_ = w.watcher.Run(w.intake) // ends with its context only
	}()
	w.startErr = w.start()
	close(w.startEnded)
	if w.startErr != nil {
		_ = w.Close()
		return w.startErr
	}
	w.dispatcher.resume() // after TakeOver
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
