package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestUpgradeAsksAgain: the client that waits for the connect hook when its process
// is replaced is asked about once more, and let in; what it has sent comes once.
func TestUpgradeAsksAgain(t *testing.T) {
	var asked atomic.Int32
	first, over := make(chan struct{}), make(chan struct{})
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Header.Get("X-Original-URI") != "/waits" {
			return
		}
		if asked.Add(1) == 1 {
			close(first)
			<-r.Context().Done() // the process that asked is gone
			close(over)
			return
		}
		_, _ = io.WriteString(w, `{"uid":"ann"}`)
	}))
	t.Cleanup(endpoint.Close)
	u := startUpgraded(t, "--connect-hook", endpoint.URL, "--connect-hook-timeout", "1h")

	conn, err := net.Dial("tcp", u.ClientAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, err = io.WriteString(conn, "GET /waits HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x85\x00\x00\x00\x00hello")
	if err != nil {
		t.Fatal(err)
	}
	<-first
	u.upgrade(0)
	<-over
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols || asked.Load() != 2 {
		t.Fatalf("answer %v, error %v, asked %d times", resp, err, asked.Load())
	}
	if m := u.worker.Next(t, gp.CmdOnMessage); string(m.Body) != "hello" {
		t.Errorf("the worker got %q", m.Body)
	}
	u.talk()
}
