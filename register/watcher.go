package register

import (
	"context"
	"slices"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// Watcher follows the lists of gateways that several Registers send, as PHP's
// BusinessWorker does. Each list replaces the one before it, also one from
// another Register. When a Register goes away the list stays.
type Watcher struct {
	links links
	first chan struct{} // closed when onList has returned from the first list
	ended chan struct{} // closed when Run has returned

	deliver sync.Mutex // held while onList runs: one list after the other
	onList  func(addresses []string)

	mu   sync.Mutex // guards list and told
	list []string
	told bool
}

// NewWatcher returns a watcher. onList, which may be nil, is called with every
// list received, never by two goroutines at once. onList may keep and change the slice.
// While onList runs, that Register is not read; it must return for Run to
// return. NewWatcher fails with an [*OptionError].
func NewWatcher(onList func(addresses []string), opts ClientOptions) (*Watcher, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	w := &Watcher{onList: onList, first: make(chan struct{}), ended: make(chan struct{})}
	w.links.init(opts, gatewayprotocol.AppendWorkerConnect(nil, opts.SecretKey), w.read)
	return w, nil
}

// Run follows the Registers until ctx is done and returns its error. A Watcher
// runs once.
func (w *Watcher) Run(ctx context.Context) error {
	defer close(w.ended)
	return w.links.run(ctx)
}

// Connected returns the number of Registers that are connected now.
func (w *Watcher) Connected() int { return int(w.links.connected.Load()) }

// Addresses returns a copy of the latest list, and false while no Register has
// sent one.
func (w *Watcher) Addresses() ([]string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list), w.told
}

// Wait waits until some Register has sent a list and onList has returned from
// it. It waits for ClientOptions.QueryTimeout at most, and fails with a
// [*LookupError] that says what is wrong with each Register, then or when Run
// has returned.
func (w *Watcher) Wait(ctx context.Context) error {
	select {
	case <-w.first: // and no timer
		return nil
	default:
	}
	ctx, cancel := context.WithTimeoutCause(ctx, w.links.opts.QueryTimeout, errNoAnswerInTime)
	defer cancel()
	select {
	case <-w.first:
		return nil
	case <-ctx.Done():
		return &LookupError{Servers: w.links.problems(), Err: context.Cause(ctx)}
	case <-w.ended:
		return &LookupError{Servers: w.links.problems(), Err: errRunEnded}
	}
}

func (w *Watcher) read(k *link, _ *handover.Conn, accept func()) error {
	for {
		line, err := k.lines.next()
		if err != nil {
			return err
		}
		list, err := gatewayprotocol.ParseBroadcastAddresses(line)
		if err != nil {
			k.log.WithError(err).Warnf("register: ignoring a line of the Register: %q", clip(string(line)))
			continue
		}
		accept()
		w.set(list)
	}
}

func (w *Watcher) set(list []string) {
	w.deliver.Lock()
	defer w.deliver.Unlock()
	w.mu.Lock()
	first := !w.told
	w.list, w.told = list, true
	w.mu.Unlock()
	if w.onList != nil {
		w.onList(slices.Clone(list))
	}
	if first {
		close(w.first)
	}
}
