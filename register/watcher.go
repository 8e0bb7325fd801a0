package register

import (
	"context"
	"net"
	"slices"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/sirupsen/logrus"
)

// Watcher follows the lists of gateways that several Registers tell, as PHP's
// BusinessWorker does. Each list replaces the one before it, whichever
// Register it is from; a Register that is gone changes nothing.
type Watcher struct {
	links links

	deliver sync.Mutex // held while onList runs: one list after the other
	onList  func(addresses []string)

	mu   sync.Mutex // guards list and told
	list []string
	told bool
}

// NewWatcher returns a watcher. onList, which may be nil, is called with every
// list received, never by two goroutines at once. The slice is the callee's.
// While onList runs, that Register is not read; it must return for Run to
// return.
func NewWatcher(onList func(addresses []string), opts ClientOptions) *Watcher {
	w := &Watcher{onList: onList}
	w.links.opts = opts.withDefaults()
	w.links.hello = gatewayprotocol.AppendWorkerConnect(nil, opts.SecretKey)
	w.links.read = w.read
	return w
}

// Run follows the Registers until ctx is done and returns its error.
func (w *Watcher) Run(ctx context.Context) error { return w.links.run(ctx) }

// Connected returns the number of Registers that are connected now.
func (w *Watcher) Connected() int { return int(w.links.connected.Load()) }

// Addresses returns a copy of the latest list, and false while no Register has
// told one.
func (w *Watcher) Addresses() ([]string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list), w.told
}

func (w *Watcher) read(_ string, nc net.Conn, log logrus.FieldLogger) error {
	lines := newLineReader(nc, gatewayprotocol.MaxRegisterLine)
	for {
		line, err := lines.next()
		if err != nil {
			return endOf(err)
		}
		list, err := gatewayprotocol.ParseBroadcastAddresses(line)
		if err != nil {
			log.WithError(err).Warnf("register: ignoring a line of the Register: %q", clip(string(line)))
			continue
		}
		w.set(list)
	}
}

func (w *Watcher) set(list []string) {
	w.deliver.Lock()
	defer w.deliver.Unlock()
	w.mu.Lock()
	w.list, w.told = list, true
	w.mu.Unlock()
	if w.onList != nil {
		w.onList(slices.Clone(list))
	}
}
