package innerclient

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestOneWatchdog: a connection sets its one timer anew for each question. A
// timer for each would be there until QueryTimeout has passed, and longer on a
// busy connection.
func TestOneWatchdog(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	go func() { // answers every question by 1
		head := make([]byte, gatewayprotocol.HeadLen)
		for {
			if _, err := far.Read(head); err != nil {
				return
			}
			if _, err := far.Write(gatewayprotocol.AppendReply(nil, []byte("i:1;"))); err != nil {
				return
			}
		}
	}()
	opts := Options{QueryTimeout: time.Minute, IdleTimeout: time.Minute, BufferSize: 1 << 20, MaxReplySize: 1 << 20}
	gone := make(chan struct{})
	c := newConn(near, &opts, nil, func(*conn, error) { close(gone) })
	c.start()
	defer func() {
		c.end(ErrClosed)
		<-gone
	}()
	ask := func() any {
		if err := c.window.acquire(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		if _, err := c.ask(context.Background(), gatewayprotocol.Message{Cmd: gatewayprotocol.CmdIsOnline}, 1); err != nil {
			t.Fatal(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.watchdog
	}
	if first, second := ask(), ask(); first != second {
		t.Error("the second question has a watchdog of its own")
	}
}
