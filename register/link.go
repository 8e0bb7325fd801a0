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
	"github.com/sirupsen/logrus"
)

// links keeps one connection to each Register up, until its context ends.
type links struct {
	opts  ClientOptions
	hello []byte // sent first on each connection
	// read reads from a connection until it ends.
	read func(addr string, nc net.Conn, log logrus.FieldLogger) error

	connected atomic.Int32
}

// run returns when ctx is done and every connection is closed.
func (l *links) run(ctx context.Context) error {
	if len(l.opts.Registers) == 0 {
		return ErrNoRegister
	}
	var wg sync.WaitGroup
	for _, addr := range l.opts.Registers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			l.keep(ctx, addr)
		}()
	}
	wg.Wait()
	return ctx.Err()
}

// keep connects to one Register, again and again.
func (l *links) keep(ctx context.Context, addr string) {
	log := l.opts.Logger.WithField("register", addr)
	silent := false // the trouble was told; once per outage is enough
	for ctx.Err() == nil {
		up, err := l.once(ctx, addr, log)
		switch {
		case ctx.Err() != nil:
			return
		case up:
			log.WithError(err).Warnf("register: connection ended, reconnecting every %v", l.opts.ReconnectDelay)
			silent = false
		case !silent:
			log.WithError(err).Warnf("register: cannot connect, trying again every %v", l.opts.ReconnectDelay)
			silent = true
		}
		select {
		case <-time.After(l.opts.ReconnectDelay):
		case <-ctx.Done():
		}
	}
}

// once holds one connection until it ends, and reports whether it was made.
func (l *links) once(ctx context.Context, addr string, log logrus.FieldLogger) (up bool, err error) {
	nc, err := l.opts.dial(ctx, addr)
	if err != nil {
		return false, err
	}
	defer nc.Close()
	unhook := context.AfterFunc(ctx, func() { nc.Close() })
	defer unhook()
	if err := l.write(nc, l.hello); err != nil {
		return false, err
	}
	log.Debug("register: connected")
	l.connected.Add(1)
	defer l.connected.Add(-1)
	if needsPing(addr) {
		stop := l.startPing(nc)
		defer stop()
	}
	return true, l.read(addr, nc, log)
}

// startPing starts the goroutine that owns the connection's writes from now
// on. stop closes the connection and waits for the goroutine.
func (l *links) startPing(nc net.Conn) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(l.opts.PingInterval)
		defer t.Stop()
		ping := gatewayprotocol.AppendRegisterPing(nil)
		for {
			select {
			case <-t.C:
				if l.write(nc, ping) != nil {
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

func (l *links) write(nc net.Conn, b []byte) error {
	nc.SetWriteDeadline(time.Now().Add(l.opts.DialTimeout))
	_, err := nc.Write(b)
	return err
}

// errEnded says that a Register closed the connection.
var errEnded = errors.New("closed by the Register")

func endOf(err error) error {
	if errors.Is(err, io.EOF) {
		return errEnded
	}
	return err
}
