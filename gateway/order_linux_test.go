package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestReadYourWrites writes over one connection and, without waiting, asks over
// another, each of them old or new, while others keep the inner loop busy. The
// answer must always know of the write.
func TestReadYourWrites(t *testing.T) {
	g := startGateway(t, Options{Listen: "tcp://127.0.0.1:0"})
	w := g.worker("w:0")
	for range 50 {
		c := g.dialRaw()
		w.event(gp.CmdOnConnect)
		_ = c.conn.SetDeadline(time.Time{})
		go func() { _, _ = io.Copy(io.Discard, c.conn) }()
	}

	// Broadcasts in large chunks, and connections that ask and go.
	busy, stop := make(chan struct{}, 2), make(chan struct{})
	defer func() {
		close(stop)
		<-busy
		<-busy
	}()
	go func() {
		defer func() { busy <- struct{}{} }()
		conn, err := net.Dial("tcp", g.inner)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		m := withBody(gp.CmdSendToAll, 0, "to all of them")
		ask := withExt(gp.CmdIsOnline, 0, "")
		chunk := gp.AppendMessage(bytes.Repeat(gp.AppendMessage(nil, &m), 300), &ask)
		reply := make([]byte, 8)
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := conn.Write(chunk); err != nil {
					t.Error(err)
					return
				}
				if _, err := io.ReadFull(conn, reply); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	go func() {
		defer func() { busy <- struct{}{} }()
		ask := withExt(gp.CmdGetClientCountByGroup, 0, "")
		query := gp.AppendMessage(nil, &ask)
		for {
			select {
			case <-stop:
				return
			default:
			}
			conn, err := net.Dial("tcp", g.inner)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write(query)
			_, _ = conn.Read(make([]byte, 64))
			_ = conn.Close()
		}
	}()

	oldWriter, oldAsker := g.dialInner(), g.dialInner()
	oldAsker.barrier()
	rounds := 200
	if testing.Short() {
		rounds = 50
	}
	for i := range rounds {
		_ = oldWriter.conn.SetDeadline(time.Now().Add(patience))
		_ = oldAsker.conn.SetDeadline(time.Now().Add(patience))
		for _, how := range []struct {
			name             string
			newWriter, newer bool
		}{
			{"old, old", false, false},
			{"old, new", false, true},
			{"new, old", true, false},
			{"new, new", true, true},
		} {
			writer, asker := oldWriter, oldAsker
			if how.newWriter {
				writer = g.dialInner()
			}
			uid := fmt.Sprintf("%s %d", how.name, i)
			writer.send(withExt(gp.CmdBindUID, 7, uid))
			if how.newWriter {
				_ = writer.conn.Close()
			}
			if how.newer {
				asker = g.dialInner()
			}
			if got := asker.ask(withExt(gp.CmdGetClientIDByUID, 0, uid)); got != "a:1:{i:0;i:7;}" {
				t.Fatalf("%s, round %d: got %s", how.name, i, got)
			}
			if how.newer {
				_ = asker.conn.Close()
			}
		}
	}
}
