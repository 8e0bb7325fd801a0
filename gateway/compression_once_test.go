package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestCompressedOnce: a message for many is compressed once, however it is
// addressed, and those that have not negotiated it get it as it is.
func TestCompressedOnce(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Compression = true
		opts.Listeners = []Listener{{Listen: "websocket://127.0.0.1:0", BinaryFrames: true, TLS: opts.TLS}, {Listen: "text://127.0.0.1:0", TLS: opts.TLS}}
		g := startGateway(t, opts)
		w := g.worker("w:0")
		known := func() uint32 {
			w.event(gp.CmdOnConnect)
			id := w.event(gp.CmdOnWebSocketConnect).ConnectionID
			w.send(withExt(gp.CmdBindUID, id, fmt.Sprint("u", id)), withExt(gp.CmdJoinGroup, id, "room"), withExt(gp.CmdJoinGroup, id, fmt.Sprint("g", id%2)))
			return id
		}
		var clients []*websocket.Conn
		kinds := map[*websocket.Conn]int{}
		add := func(ws *websocket.Conn, kind int) {
			known()
			clients = append(clients, ws)
			kinds[ws] = kind
		}
		for range 5 {
			ws, _ := g.dialCompressed()
			add(ws, websocket.TextMessage)
			add(g.dialWS(), websocket.TextMessage)
		}
		text := g.client
		g.client = g.more[0]
		ws, _ := g.dialCompressed()
		add(ws, websocket.BinaryMessage)
		g.client = text
		const negotiated = 6
		uids, _ := json.Marshal([]string{"u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8", "u9", "u10", "u11"})
		for i, m := range []gp.Message{
			{Cmd: gp.CmdSendToAll, Flag: gp.FlagBodyIsScalar},
			withExt(gp.CmdSendToGroup, 0, `{"group":["room"],"exclude":null}`),
			withExt(gp.CmdSendToGroup, 0, `{"group":["g0","g1"],"exclude":null}`),
			withExt(gp.CmdSendToUID, 0, string(uids)),
		} {
			before := g.Stats().Compression
			body := jsonOf(1000 + i)
			m.Body = []byte(body)
			w.send(m)
			for _, ws := range clients {
				kind, p, err := ws.ReadMessage()
				if err != nil || string(p) != body || kind != kinds[ws] {
					t.Fatalf("%v: got %d bytes, kind %d, error %v", m.Cmd, len(p), kind, err)
				}
			}
			w.barrier() // the turn is over, and what it counted is told
			w.barrier()
			s := g.Stats().Compression
			if n := s.Compressed - before.Compressed; n != 1 {
				t.Errorf("%v: compressed %d times", m.Cmd, n)
			}
			if n := s.Sent - before.Sent; n != negotiated {
				t.Errorf("%v: sent compressed to %d clients, want %d", m.Cmd, n, negotiated)
			}
			if n := s.SentBytesBefore - before.SentBytesBefore; n != uint64(negotiated*len(body)) {
				t.Errorf("%v: %d bytes before compression", m.Cmd, n)
			}
		}
		// A program that sends one client after the other the same.
		before := g.Stats().Compression.Compressed
		for id := range uint32(len(clients)) {
			w.send(withBody(gp.CmdSendToOne, id+1, jsonOf(500)))
		}
		for _, ws := range clients {
			if _, p, err := ws.ReadMessage(); err != nil || string(p) != jsonOf(500) {
				t.Fatalf("got %q, %v", p, err)
			}
		}
		w.barrier()
		w.barrier()
		if n := g.Stats().Compression.Compressed - before; n != 1 {
			t.Errorf("the same message to one client after the other was compressed %d times", n)
		}
	})
}

// TestCompressionBesideTheHook: what the connect hook adds to the answer stands beside
// the extension.
func TestCompressionBesideTheHook(t *testing.T) {
	everyWay(t, func(t *testing.T, opts Options) {
		opts.Compression = true
		opts.WebsocketProtocols = []string{"chat"}
		opts.ConnectHook = func(context.Context, *ConnectRequest) (ConnectAnswer, error) {
			return ConnectAnswer{Headers: []HeaderLine{{"X-Room", "7"}}, UID: "bob"}, nil
		}
		g := startGateway(t, opts)
		w := g.worker("w:0")
		d := websocket.Dialer{
			HandshakeTimeout: patience, EnableCompression: true, Subprotocols: []string{"chat"},
			NetDial: func(string, string) (net.Conn, error) { return g.dial() },
		}
		ws, resp, err := d.Dial("ws://"+g.client+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		_ = ws.SetReadDeadline(time.Now().Add(patience))
		if resp.Header.Get("X-Room") != "7" || ws.Subprotocol() != "chat" || resp.Header.Get("Sec-WebSocket-Extensions") == "" {
			t.Errorf("the answer is %v", resp.Header)
		}
		w.event(gp.CmdOnConnect)
		w.event(gp.CmdOnWebSocketConnect)
		w.send(withExt(gp.CmdSendToUID, 0, `["bob"]`), withBody(gp.CmdSendToAll, 0, jsonOf(1000)))
		wantText(t, ws, "")
		wantText(t, ws, jsonOf(1000))
		w.barrier()
		w.barrier()
		if s := g.Stats().Compression; s.Sent != 1 {
			t.Errorf("%+v", s)
		}
	})
}
