package gateway

import (
	"bytes"
	"compress/flate"
	"testing"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// deflatedFrame is a masked text frame with RSV1, of size zeros.
func deflatedFrame(size int) []byte {
	var data bytes.Buffer
	w, _ := flate.NewWriter(&data, flate.BestCompression)
	_, _ = w.Write(make([]byte, size))
	_ = w.Flush()
	payload := bytes.TrimSuffix(data.Bytes(), []byte("\x00\x00\xff\xff"))
	n := len(payload)
	return append([]byte{0xc1, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0}, payload...)
}

// TestDeflateBombs: what a client's messages inflate to cannot fill the buffer of
// a worker, whose other clients would lose messages.
func TestDeflateBombs(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		const size = 1 << 20
		opts.SendToWorkerBufferSize = 2 * size
		g := startGateway(t, opts)
		w := g.worker("w:0")
		other := g.dialWS()
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnWebSocketConnect)
		attacker := g.dialWS()
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnWebSocketConnect)

		// The worker reads nothing while they come.
		_, _ = attacker.NetConn().Write(bytes.Repeat(deflatedFrame(size), 50)) // it may be closed meanwhile
		g.await("client sent bad data, closing its connection")
		if err := other.WriteMessage(websocket.TextMessage, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := map[gp.Command]string{}
		for range 2 { // in any order
			m := w.next()
			got[m.Cmd] = string(m.Body)
		}
		if closed, ok := got[gp.CmdOnClose]; !ok || closed != "" || got[gp.CmdOnMessage] != "hello" {
			t.Errorf("got %q", got)
		}
		if s := g.Stats(); s.ClientCloses[ClosedForCompression] != 1 || s.DroppedToWorkers != 0 {
			t.Errorf("%d clients closed, %d messages dropped", s.ClientCloses[ClosedForCompression], s.DroppedToWorkers)
		}
	})
}

// TestRefuseUnnegotiatedCompression: with the option, a compressed message is a
// protocol error; without it is a message, as in PHP.
func TestRefuseUnnegotiatedCompression(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		g := startGateway(t, Options{RefuseUnnegotiatedCompression: refuse})
		w := g.worker("w:0")
		c := g.dialWS()
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnWebSocketConnect)
		if _, err := c.NetConn().Write(deflatedFrame(100)); err != nil {
			t.Fatal(err)
		}
		if !refuse {
			if m := w.event(gp.CmdOnMessage); len(m.Body) != 100 {
				t.Errorf("got %q", m.Body)
			}
			continue
		}
		w.event(gp.CmdOnClose)
		if n := g.Stats().ClientCloses[ClosedForCompression]; n != 1 {
			t.Errorf("%d clients closed for it", n)
		}
	}
}
