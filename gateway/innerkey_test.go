package gateway

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// expectEnd wants the end of the connection without another byte.
func (p *peer) expectEnd() {
	p.t.Helper()
	b, err := io.ReadAll(p.r)
	var ne net.Error
	if len(b) > 0 || errors.As(err, &ne) && ne.Timeout() {
		p.t.Fatalf("got %q, %v, want the end", b, err)
	}
}

// TestBeforeTheKey: without the key, the head of a frame decides: other commands
// and connect commands of more than a few KB end the connection before the rest
// of them is there.
func TestBeforeTheKey(t *testing.T) {
	for _, portable := range []bool{false, true} {
		t.Run(fmt.Sprintf("portable=%v", portable), func(t *testing.T) {
			g := startGateway(t, Options{SecretKey: "key", portable: portable})
			for _, test := range []struct {
				m   gp.Message
				log string
			}{
				{gp.Message{Cmd: gp.CmdSendToAll, Body: make([]byte, 10<<20)}, "gateway: no secret key was given yet: "},
				{gp.Message{Cmd: gp.CmdGatewayClientConnect, Body: make([]byte, maxConnectForTest)}, "gateway: the connect command is too long: "},
			} {
				p := g.dialInner()
				frame := gp.AppendMessage(nil, &test.m)
				if _, err := p.conn.Write(frame[:gp.HeadLen]); err != nil {
					t.Fatal(err)
				}
				p.expectEnd()
				g.until(test.log, func() bool {
					for _, e := range g.logs.AllEntries() {
						if err, _ := e.Data["error"].(error); err != nil && strings.HasPrefix(err.Error(), test.log) {
							return true
						}
					}
					return false
				})
			}
			g.worker(strings.Repeat("k", 4<<10)) // is not too long
		})
	}
}

// TestLongConnectCommand: the head decides over connect commands without a key as
// well.
func TestLongConnectCommand(t *testing.T) {
	for _, portable := range []bool{false, true} {
		g := startGateway(t, Options{portable: portable})
		for _, cmd := range []gp.Command{gp.CmdWorkerConnect, gp.CmdGatewayClientConnect} {
			p := g.dialInner()
			frame := gp.AppendMessage(nil, &gp.Message{Cmd: cmd, Body: make([]byte, 10<<20-gp.HeadLen)})
			if _, err := p.conn.Write(frame[:gp.HeadLen]); err != nil {
				t.Fatal(err)
			}
			p.expectEnd()
		}
		g.worker(strings.Repeat("k", 4<<10)) // is not too long
	}
}

const maxConnectForTest = 8<<10 + 6*len("key")

// TestKeyInTime: a peer that gives no key in time is disconnected, whatever it has
// sent of a frame; one that gives it stays.
func TestKeyInTime(t *testing.T) {
	for _, portable := range []bool{false, true} {
		t.Run(fmt.Sprintf("portable=%v", portable), func(t *testing.T) {
			g := startGateway(t, Options{SecretKey: "key", portable: portable, authTimeout: time.Second})
			worker := g.workerInTime()
			silent, half := g.dialInner(), g.dialInner()
			frame := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdWorkerConnect, Body: make([]byte, 100)})
			if _, err := half.conn.Write(frame[:60]); err != nil {
				t.Fatal(err)
			}
			silent.expectEnd()
			half.expectEnd()
			worker.barrier()
		})
	}
}

// workerInTime connects as a worker until it gives the key in time: the test can stand
// still for longer.
func (g *testGateway) workerInTime() *peer {
	g.t.Helper()
	var p *peer
	g.until("a worker gives the key in time", func() bool {
		p = g.dialInner()
		b := gp.AppendMessage(nil, &gp.Message{Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: []byte(`{"worker_key":"w","secret_key":"key"}`)})
		b = gp.AppendMessage(b, &gp.Message{Cmd: gp.CmdIsOnline, Flag: gp.FlagBodyIsScalar})
		_, _ = p.conn.Write(b)
		_, err := io.ReadFull(p.r, make([]byte, len("\x00\x00\x00\x04i:0;")))
		return err == nil
	})
	return p
}

// TestNoKeyNoTimeout: where there is no key, a silent peer stays, as in PHP.
func TestNoKeyNoTimeout(t *testing.T) {
	g := startGateway(t, Options{authTimeout: time.Nanosecond})
	p := g.dialInner()
	g.worker("w").barrier() // by now a timer would have fired
	p.barrier()
}
