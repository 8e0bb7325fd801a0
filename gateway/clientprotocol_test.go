package gateway

import (
	"bytes"
	"strings"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// semicolons is a protocol whose packets end with a semicolon. The packet "hb"
// is a heartbeat and is answered by how many there have been.
type semicolons struct{}

func (semicolons) Input(buf []byte, _ ClientConn) (int, error) {
	return bytes.IndexByte(buf, ';') + 1, nil
}

func (semicolons) Decode(packet []byte, client ClientConn) ([]byte, error) {
	if string(packet) != "hb;" {
		return packet[:len(packet)-1], nil
	}
	beats, _ := client.State().(string)
	beats += "!"
	client.SetState(beats)
	client.Reply([]byte(beats + ";"))
	return nil, ErrNoMessage
}

func (semicolons) AppendPacket(dst, message []byte) []byte {
	if string(message) == "panic" {
		panic("cannot put it into a packet")
	}
	return append(append(dst, message...), ';')
}

// TestClientProtocol: a program's own protocol between a client and a worker.
func TestClientProtocol(t *testing.T) {
	g := startGateway(t, Options{Protocol: semicolons{}})
	worker := g.worker("w")
	client := g.dialRaw()
	id := worker.event(gp.CmdOnConnect).ConnectionID
	if _, err := client.conn.Write([]byte("hb;one;hb;two;")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two"} {
		if m := worker.event(gp.CmdOnMessage); string(m.Body) != want {
			t.Errorf("the worker gets %q, want %q", m.Body, want)
		}
	}
	if got := string(client.read(5)); got != "!;!!;" {
		t.Errorf("heartbeats are answered by %q", got)
	}
	worker.send(withBody(gp.CmdSendToOne, id, "panic"), withBody(gp.CmdSendToOne, id, "hello"))
	if got := string(client.read(6)); got != "hello;" {
		t.Errorf("the client is sent %q", got)
	}
	if e := g.logs.LastEntry(); e == nil || !strings.Contains(e.Message, "message of 5 bytes dropped: panic: cannot put it into a packet") {
		t.Errorf("logged %v, want the panic", e)
	}
}
