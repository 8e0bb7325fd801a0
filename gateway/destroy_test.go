package gateway

import (
	"io"
	"net"
	"strings"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestSendThenDestroy: a client that is destroyed right after a message gets the
// message, as in PHP, which offers it to the kernel when it is sent.
func TestSendThenDestroy(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen = "text://127.0.0.1:0"
		g := startGateway(t, opts)
		w := g.worker("w:0")
		for id := uint32(1); id <= 20; id++ {
			c := g.dialRaw()
			if _, err := io.WriteString(c.conn, "hello\n"); err != nil {
				t.Fatal(err)
			}
			w.event(gp.CmdOnConnect)
			w.event(gp.CmdOnMessage)
			// Its message may have come with the end of TLS's handshake, before that is over.
			client := g.allClients()[0]
			g.until("the handshake is done", func() bool { return !client.transport.handshaking() })
			long := strings.Repeat("x", 20000)
			w.send(withBody(gp.CmdSendToOne, id, "one"), withBody(gp.CmdSendToAll, 0, long),
				gp.Message{Cmd: gp.CmdDestroy, ConnectionID: id}, withBody(gp.CmdSendToOne, id, "late"))
			w.event(gp.CmdOnClose)
			if got, err := io.ReadAll(c.r); string(got) != "one\n"+long+"\n" || err != nil {
				t.Fatalf("client %d got %d bytes, %v", id, len(got), err)
			}
		}
	})
}

// TestDestroyDeafClient: what the kernel does not take at once does not hold up
// the end.
func TestDestroyDeafClient(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Listen, opts.SendToClientBufferSize = "text://127.0.0.1:0", 64<<20
		g := startGateway(t, opts)
		w := g.worker("w:0")
		c := g.dialRaw()
		if _, err := io.WriteString(c.conn, "hello\n"); err != nil {
			t.Fatal(err)
		}
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnMessage)
		long := strings.Repeat("x", 8<<20)
		w.send(withBody(gp.CmdSendToOne, 1, long), withBody(gp.CmdSendToOne, 1, long), gp.Message{Cmd: gp.CmdDestroy, ConnectionID: 1})
		w.event(gp.CmdOnClose)
		got, err := io.Copy(io.Discard, c.r)
		if err, ok := err.(net.Error); ok && err.Timeout() {
			t.Error("the connection does not end")
		}
		if !opts.portable && got >= 2*int64(len(long)) {
			t.Errorf("the client got all %d bytes", got)
		}
	})
}
