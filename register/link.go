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
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/sirupsen/logrus"
)

// links keeps one connection to each Register up, until its context ends.
type links struct {
	opts  ClientOptions
	hello []byte // sent first on each connection
	// read reads from a connection until it ends, and calls accept when the
	// Register turns out to have accepted hello.
	read func(k *link, nc *handover.Conn, accept func()) error

	// standstill is held for reading while a connection begins or has ended, for
	// writing while all stands still; see HeldLinks. It is taken before link.mu.
	standstill sync.RWMutex
	left       bool // another process has the connections; guarded by standstill

	each      []*link // in the order of opts.RegisterAddresses
	connected atomic.Int32
}

func (l *links) init(opts ClientOptions, hello []byte, read func(*link, *handover.Conn, func()) error) {
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
	addr  string
	log   logrus.FieldLogger
	taken *TakenLink  // behind conn, until keep begins
	lines *lineReader // of the connection; the reader's

	mu    sync.Mutex         // guards all below
	conn  *handover.Conn     // that has said hello; nil while there is none
	ping  time.Time          // when the next one is due
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
	defer func() {
		if k.taken != nil { // it was too late for it
			k.taken.Close()
		}
	}()
	for ctx.Err() == nil {
		kind, err := k.once(ctx)
		if ctx.Err() != nil || k.hasLeft() {
			return
		}
		k.failed(kind, err)
		select {
		case <-time.After(k.opts.ReconnectDelay):
		case <-ctx.Done():
		}
	}
}

func (k *link) hasLeft() bool {
	k.standstill.RLock()
	defer k.standstill.RUnlock()
	return k.left
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
		log.Warnf("register: the Register closes the connection at once: check that the secret key is the same there and that it lets this address in, trying again every %v", k.opts.ReconnectDelay)
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

func (k *link) isAccepted() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.up
}

// once holds one connection until it ends: that of another process, or one that
// it dials.
func (k *link) once(ctx context.Context) (kindOfEnd, error) {
	if t := k.taken; t != nil {
		k.taken = nil
		k.mu.Lock()
		conn := k.conn
		k.mu.Unlock()
		return k.hold(ctx, t.nc, conn)
	}
	nc, err := k.opts.dial(ctx, k.addr)
	if err != nil {
		return noConnection, err
	}
	conn, err := k.begin(nc)
	if err != nil {
		nc.Close()
		return noConnection, err
	}
	return k.hold(ctx, nc, conn)
}

// begin says hello.
func (k *link) begin(nc net.Conn) (*handover.Conn, error) {
	k.standstill.RLock()
	defer k.standstill.RUnlock()
	if k.left {
		return nil, net.ErrClosed
	}
	conn := handover.NewConn(nc)
	if err := k.write(conn, k.hello); err != nil {
		return nil, err
	}
	k.lines = newLineReader(conn, gatewayprotocol.MaxRegisterLine)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.conn, k.ping = conn, time.Now().Add(k.opts.PingInterval)
	return conn, nil
}

// hold serves a connection that has said hello, until it ends. nc is what conn
// holds.
func (k *link) hold(ctx context.Context, nc net.Conn, conn *handover.Conn) (kindOfEnd, error) {
	defer func() {
		conn.Close()
		k.mu.Lock()
		k.conn = nil
		k.mu.Unlock()
	}()
	unhook := context.AfterFunc(ctx, func() { conn.Close() })
	defer unhook()
	k.connected.Add(1)
	defer k.connected.Add(-1)
	var vanished atomic.Bool
	defer keepalive.Watch(nc, func(error) {
		vanished.Store(true)
		conn.Close()
	})()
	if needsPing(k.addr) {
		stop := k.startPing(conn)
		defer stop()
	}
	accepted := k.isAccepted()
	err := k.read(k, conn, func() {
		if !accepted {
			accepted = true
			k.accepted()
		}
	})
	conn.End()
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
func (k *link) startPing(conn *handover.Conn) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	k.mu.Lock()
	due := k.ping
	k.mu.Unlock()
	go func() {
		defer close(done)
		t := time.NewTimer(time.Until(due))
		defer t.Stop()
		ping := gatewayprotocol.AppendRegisterPing(nil)
		for {
			select {
			case <-t.C:
				if k.write(conn, ping) != nil {
					conn.Close() // so that the reader ends, too
					return
				}
				k.mu.Lock()
				k.ping = time.Now().Add(k.opts.PingInterval)
				k.mu.Unlock()
				t.Reset(k.opts.PingInterval)
			case <-quit:
				return
			}
		}
	}()
	return func() {
		conn.Close()
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
