package gateway

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestSmoke(t *testing.T) {
	for _, portable := range []bool{false, true} {
		g, err := New(Options{Listen: "websocket://127.0.0.1:0", RegisterAddress: []string{}, portable: portable})
		if err != nil {
			t.Fatal(err)
		}
		cl, _ := net.Listen("tcp", "127.0.0.1:0")
		il, _ := net.Listen("tcp", "127.0.0.1:0")
		done := make(chan error, 1)
		go func() { done <- g.Serve(cl, il) }()
		w, err := net.Dial("tcp", il.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		w.SetDeadline(time.Now().Add(5 * time.Second))
		w.Write(gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{Cmd: 200, Flag: 1, Body: []byte(`{"worker_key":"w:0","secret_key":""}`)}))
		w.Write(gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{Cmd: gatewayprotocol.CmdIsOnline}))
		rep := make([]byte, 8)
		if _, err := io.ReadFull(w, rep); err != nil {
			t.Fatal(err)
		}
		c, _, err := websocket.DefaultDialer.Dial("ws://"+cl.Addr().String()+"/?a=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		read := func() gatewayprotocol.Message {
			head := make([]byte, 28)
			if _, err := io.ReadFull(w, head); err != nil {
				t.Fatal(err)
			}
			n := binary.BigEndian.Uint32(head)
			f := append(head, make([]byte, n-28)...)
			if _, err := io.ReadFull(w, f[28:]); err != nil {
				t.Fatal(err)
			}
			var m gatewayprotocol.Message
			if _, err := gatewayprotocol.DecodeMessage(f, &m, 0); err != nil {
				t.Fatal(err)
			}
			return m
		}
		for _, want := range []gatewayprotocol.Command{1, 205} {
			if m := read(); m.Cmd != want {
				t.Fatal(m.Cmd)
			}
		}
		c.WriteMessage(1, []byte("hello"))
		m := read()
		if m.Cmd != 3 || string(m.Body) != "hello" {
			t.Fatal(m)
		}
		w.Write(gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{Cmd: 5, ConnectionID: m.ConnectionID, Flag: 1, Body: []byte("you")}))
		_, p, err := c.ReadMessage()
		if err != nil || string(p) != "you" {
			t.Fatal(err, p)
		}
		w.Write(gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{Cmd: 7, ConnectionID: m.ConnectionID, Flag: 1, Body: []byte("bye")}))
		_, p, err = c.ReadMessage()
		if err != nil || string(p) != "bye" {
			t.Fatal(err, p)
		}
		if m := read(); m.Cmd != 4 {
			t.Fatal(m.Cmd)
		}
		g.Close()
		if err := <-done; err != ErrServerClosed {
			t.Fatal(err)
		}
	}
}
