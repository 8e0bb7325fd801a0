package gatewayclient

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// holdTime is how long a gateway stays in use that the latest list no longer
// names. Gateways announce themselves again within about a second to a Register
// that was restarted, so its first lists are not complete.
const holdTime = 5 * time.Second

// registerDirectory follows the lists of a cluster's Registers.
type registerDirectory struct {
	opts    Options
	watcher *register.Watcher
	cancel  context.CancelFunc
	added   func(gatewayprotocol.GatewayAddress) // called for each gateway that a list has and the one before had not
	done    chan struct{}                        // the watcher has ended
	news    chan struct{}                        // capacity 1: the list has changed; nil without callbacks

	mu    sync.Mutex                                     // guards all below
	hold  time.Duration                                  // holdTime; tests have their own
	addrs []gatewayprotocol.GatewayAddress               // in use: what the latest list names, then what is held
	held  map[gatewayprotocol.GatewayAddress]*time.Timer // in use though not named
	told  bool
	ended bool
}

func newRegisterDirectory(opts Options, added func(gatewayprotocol.GatewayAddress)) (*registerDirectory, error) {
	d := &registerDirectory{
		opts:  opts,
		added: added,
		done:  make(chan struct{}),
		hold:  holdTime,
		held:  make(map[gatewayprotocol.GatewayAddress]*time.Timer),
	}
	var err error
	d.watcher, err = register.NewWatcher(d.replace, register.ClientOptions{
		RegisterAddresses: opts.RegisterAddresses,
		SecretKey:         opts.SecretKey,
		ConnectTimeout:    opts.ConnectTimeout,
		QueryTimeout:      opts.QueryTimeout,
		Dial:              opts.Dial,
		Logger:            opts.Logger,
	})
	if err != nil {
		return nil, err
	}
	var ctx context.Context
	ctx, d.cancel = context.WithCancel(context.Background())
	if opts.OnGatewayUp != nil || opts.OnGatewayDown != nil {
		d.news = make(chan struct{}, 1)
		go d.callBack(ctx)
	}
	go func() {
		defer close(d.done)
		_ = d.watcher.Run(ctx) // ends with ctx only
	}()
	return d, nil
}

// replace takes a new list. Addresses that it does not name are held.
func (d *registerDirectory) replace(texts []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return
	}
	named := make(map[gatewayprotocol.GatewayAddress]bool, len(texts))
	addrs := make([]gatewayprotocol.GatewayAddress, 0, len(texts))
	for _, text := range texts {
		addr, err := gatewayprotocol.ParseGatewayAddress(text)
		if err != nil {
			d.opts.Logger.WithField("address", text).Warn("ignoring a gateway address: it is not ipv4:port")
			continue
		}
		if named[addr] {
			continue
		}
		named[addr] = true
		addrs = append(addrs, addr)
		if t := d.held[addr]; t != nil {
			t.Stop()
			delete(d.held, addr)
			d.added(addr)
		} else if !slices.Contains(d.addrs, addr) {
			d.added(addr)
		}
	}
	for _, addr := range d.addrs {
		if named[addr] {
			continue
		}
		addrs = append(addrs, addr)
		if d.held[addr] == nil {
			d.held[addr] = time.AfterFunc(d.hold, func() { d.forget(addr) })
		}
	}
	d.addrs = addrs
	d.told = true
	d.tell()
}

// forget ends the use of a gateway that is held, and reports whether it was. It
// is called when its time is over, or when it turns out that it is gone.
func (d *registerDirectory) forget(addr gatewayprotocol.GatewayAddress) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.held[addr]
	if t == nil {
		return false
	}
	t.Stop()
	delete(d.held, addr)
	kept := make([]gatewayprotocol.GatewayAddress, 0, len(d.addrs)) // lists given out stay as they are
	for _, a := range d.addrs {
		if a != addr {
			kept = append(kept, a)
		}
	}
	d.addrs = kept
	d.tell()
	return true
}

func (d *registerDirectory) list(ctx context.Context) ([]gatewayprotocol.GatewayAddress, error) {
	err := d.watcher.Wait(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return nil, ErrClosed
	}
	return d.addrs, err
}

func (d *registerDirectory) knows(addr gatewayprotocol.GatewayAddress) (in, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Contains(d.addrs, addr) {
		return true, true
	}
	return false, d.told
}

func (d *registerDirectory) close() error {
	d.mu.Lock()
	d.ended = true
	for _, t := range d.held {
		t.Stop()
	}
	d.mu.Unlock()
	d.cancel()
	<-d.done
	return nil
}
