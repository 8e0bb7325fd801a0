package gatewayclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/register"
	"github.com/sirupsen/logrus"
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
	first   chan struct{}                        // closed with the first list

	mu    sync.Mutex                                     // guards all below
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
		first: make(chan struct{}),
		held:  make(map[gatewayprotocol.GatewayAddress]*time.Timer),
	}
	d.watcher = register.NewWatcher(d.replace, register.ClientOptions{
		Registers:   opts.RegisterAddresses,
		SecretKey:   opts.SecretKey,
		Logger:      opts.Logger.WithField("role", "gatewayclient"),
		DialTimeout: opts.ConnectTimeout,
	})
	var ctx context.Context
	ctx, d.cancel = context.WithCancel(context.Background())
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
			d.opts.Logger.WithFields(logrus.Fields{"role": "gatewayclient", "address": text}).
				Warn("ignoring a gateway address: it is not ipv4:port")
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
			d.held[addr] = time.AfterFunc(holdTime, func() { d.forget(addr) })
		}
	}
	d.addrs = addrs
	if !d.told {
		d.told = true
		close(d.first)
	}
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
	return true
}

// A RegisterError says that no Register has told a list of gateways yet.
type RegisterError struct {
	Addresses []string // the Registers
	Err       error
}

func (e *RegisterError) Error() string {
	return fmt.Sprintf("gatewayclient: no list of gateways from register %s: %v", strings.Join(e.Addresses, ", "), e.Err)
}

// Unwrap returns Err.
func (e *RegisterError) Unwrap() error { return e.Err }

var errNoList = errors.New("none could be asked in time")

func (d *registerDirectory) list(ctx context.Context) ([]gatewayprotocol.GatewayAddress, error) {
	select {
	case <-d.first:
	default:
		if err := d.waitFirst(ctx); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ended {
		return nil, ErrClosed
	}
	return d.addrs, nil
}

func (d *registerDirectory) waitFirst(ctx context.Context) error {
	patience := time.NewTimer(d.opts.QueryTimeout)
	defer patience.Stop()
	err := errNoList
	select {
	case <-d.first:
		return nil
	case <-d.done:
		return ErrClosed
	case <-ctx.Done():
		err = ctx.Err()
	case <-patience.C:
	}
	return &RegisterError{Addresses: d.opts.RegisterAddresses, Err: err}
}

func (d *registerDirectory) knows(addr gatewayprotocol.GatewayAddress) (in, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.addrs {
		if a == addr {
			return true, true
		}
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
