package register

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/sirupsen/logrus"
)

// links keeps one connection to each Register up, until its context ends.
type links struct {
	opts  ClientOptions
	hello []byte // sent first on each connection
	// read reads from a connection until it ends, and calls accept when the
	// Register turns out to have accepted hello.
	read func(k *link, nc net.Conn, accept func()) error

	each      []*link // in the order of opts.RegisterAddresses
	connected atomic.Int32
}

func (l *links) init(opts ClientOptions, hello []byte, read func(*link, net.Conn, func()) error) {
	l.opts, l.hello, l.read = opts, hello, read
	for _, addr := range opts.RegisterAddresses {
		l.each = append(l.each, &link{links: l, addr: addr, log: opts.Logger.WithField("register", addr)})
	}
}

// run returns when ctx is done and every connection is closed.
func (l *links) run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, k := range l.each {
		wg.Go(func() { k.keep(ctx) })
	}
	wg.Wait()
	return ctx.Err()
}

// problems returns why each Register that is not connected is not.
func (l *links) problems() []*ServerError {
	var out []*ServerError
	for _, k := range l.each {
		k.mu.Lock()
		if k.err != nil {
			out = append(out, &ServerError{Addr: k.addr, Err: k.err})
		}
		k.mu.Unlock()
	}
	return out
}

// states returns what is known of each Register.
func (l *links) states() []State {
	out := make([]State, len(l.each))
	for i, k := range l.each {
		k.mu.Lock()
		out[i] = State{Address: k.addr, Connected: k.up, Err: k.err}
		k.mu.Unlock()
	}
	return out
}

// A link is what is known of one Register, and logged of it: an outage and
// its end once, however long it lasts.
type link struct {
	*links
	addr string
	log  logrus.FieldLogger

	mu    sync.Mutex         // guards all below
	up    bool               // a connection is accepted
	err   error              // why there is no connection; nil while one is accepted
	since time.Time          // of the outage; zero before the first
	told  map[kindOfEnd]bool // of this outage
}

// kindOfEnd says which advice a log line gives. Each is given once per outage.
type kindOfEnd int

const (
	endedBefore kindOfEnd = iota // a connection that the Register had accepted
	noConnection
	closedAtOnce
)

// keep connects, again and again.
func (k *link) keep(ctx context.Context) {
	for ctx.Err() == nil {
		kind, err := k.once(ctx)
		if ctx.Err() != nil {
			return
		}
		k.failed(kind, err)
		select {
		case <-time.After(k.opts.ReconnectDelay):
		case <-ctx.Done():
		}
	}
}

// failed notes why there is no connection, and logs it unless it did so before in
// this outage.
func (k *link) failed(kind kindOfEnd, err error) {
	k.mu.Lock()
	if k.told == nil {
		k.told = make(map[kindOfEnd]bool)
		k.since = time.Now()
	}
	k.up, k.err = false, err
	told := k.told[kind]
	k.told[kind] = true
	k.mu.Unlock()
	if told {
		return
	}
	log := k.log.WithError(err)
	switch kind {
	case endedBefore:
		log.Warnf("register: connection ended, reconnecting every %v", k.opts.ReconnectDelay)
	case noConnection:
		log.Warnf("register: cannot connect, trying again every %v", k.opts.ReconnectDelay)
	case closedAtOnce:
		log.Warnf("register: the Register closes the connection at once: check that the secret key is the same there, trying again every %v", k.opts.ReconnectDelay)
	}
}

// accepted ends an outage.
func (k *link) accepted() {
	k.mu.Lock()
	since, outage := k.since, k.told != nil
	k.up, k.err, k.told = true, nil, nil
	k.mu.Unlock()
	if outage {
		k.log.Infof("register: connected, after %v without", time.Since(since).Round(time.Millisecond))
	} else {
		k.log.Info("register: connected")
	}
}

// once holds one connection until it ends.
func (k *link) once(ctx context.Context) (kindOfEnd, error) {
	nc, err := k.opts.dial(ctx, k.addr)
	if err != nil {
		return noConnection, err
	}
	defer nc.Close()
	unhook := context.AfterFunc(ctx, func() { nc.Close() })
	defer unhook()
	if err := k.write(nc, k.hello); err != nil {
		return noConnection, err
	}
	k.connected.Add(1)
	defer k.connected.Add(-1)
	var vanished atomic.Bool
	defer keepalive.Watch(nc, func(error) {
		vanished.Store(true)
		nc.Close()
	})()
	if needsPing(k.addr) {
		stop := k.startPing(nc)
		defer stop()
	}
	accepted := false
	err = k.read(k, nc, func() {
		if !accepted {
			accepted = true
			k.accepted()
		}
	})
	if vanished.Load() {
		err = keepalive.ErrVanished
	}
	switch {
	case accepted:
		return endedBefore, endOf(err)
	case closedByPeer(err):
		return closedAtOnce, ErrSecretKey
	}
	return noConnection, err
}

// startPing starts the goroutine that owns the connection's writes from now
// on. stop closes the connection and waits for the goroutine.
func (k *link) startPing(nc net.Conn) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(k.opts.PingInterval)
		defer t.Stop()
		ping := gatewayprotocol.AppendRegisterPing(nil)
		for {
			select {
			case <-t.C:
				if k.write(nc, ping) != nil {
					nc.Close() // so that the reader ends, too
					return
				}
			case <-quit:
				return
			}
		}
	}()
	return func() {
		nc.Close()
		close(quit)
		<-done
	}
}

func (k *link) write(nc net.Conn, b []byte) error {
	nc.SetWriteDeadline(time.Now().Add(k.opts.ConnectTimeout))
	_, err := nc.Write(b)
	return err
}

// closedByPeer reports whether a read ended because the peer closed the
// connection, in order or with a reset.
func closedByPeer(err error) bool {
	var op *net.OpError
	return errors.Is(err, io.EOF) ||
		errors.As(err, &op) && !op.Timeout() && !errors.Is(err, net.ErrClosed)
}

// errEnded says that a Register closed the connection.
var errEnded = errors.New("closed by the Register")

func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return errEnded
	}
	return err
}
