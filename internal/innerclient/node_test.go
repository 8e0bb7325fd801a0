package innerclient

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/sirupsen/logrus"
)

func quiet() logrus.FieldLogger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	return l
}

// testOptions are options that no test waits for.
func testOptions(dial func(ctx context.Context, network, address string) (net.Conn, error)) Options {
	return Options{
		ConnectTimeout: time.Minute, QueryTimeout: time.Minute, SendTimeout: time.Minute, IdleTimeout: time.Minute,
		BufferSize: 1 << 20, MaxReplySize: 1 << 20, MaxConnections: 4, Dial: dial, Logger: quiet(),
	}
}

// TestConnectionsThatEndAtOnce: a connection that ends while it is opened does
// not count as one of MaxConnections afterwards.
func TestConnectionsThatEndAtOnce(t *testing.T) {
	p, err := NewPool(testOptions(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		far.Close()
		return near, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	n, err := p.node(gatewayprotocol.GatewayAddress{})
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		n.mu.Lock()
		n.opening++
		n.mu.Unlock()
		n.openOne(t.Context())
	}
	testwait.Until(t, "no connection that has ended is kept", func() bool { return len(n.conns()) == 0 })
}

// TestMainConnectionEndsAtOnce: a command gets a connection that works, however
// many end at once before it.
func TestMainConnectionEndsAtOnce(t *testing.T) {
	var dials atomic.Int32
	p, err := NewPool(testOptions(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		if dials.Add(1) < 10 {
			far.Close()
		} else {
			go io.Copy(io.Discard, far)
		}
		return near, nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx := t.Context()
	for dials.Load() < 10 {
		if err := p.Send(ctx, gatewayprotocol.GatewayAddress{}, gatewayprotocol.Message{Cmd: gatewayprotocol.CmdSendToAll}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Flush(ctx); err != nil {
		t.Error(err)
	}
}

// TestWaitRoomOfTheCaller: a command that waits for room ends with the error of its
// caller's context when that ends, and not as if SendTimeout had run out.
func TestWaitRoomOfTheCaller(t *testing.T) {
	opts := testOptions(func(context.Context, string, string) (net.Conn, error) {
		near, _ := net.Pipe() // nobody reads
		return near, nil
	})
	opts.BufferSize = 1
	p, err := NewPool(opts)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	m := gatewayprotocol.Message{Cmd: gatewayprotocol.CmdSendToAll}
	if err := p.Send(t.Context(), gatewayprotocol.GatewayAddress{}, m); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Send(ctx, gatewayprotocol.GatewayAddress{}, m); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that of the caller's context", err)
	}
}
