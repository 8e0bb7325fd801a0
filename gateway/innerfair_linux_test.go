package gateway

import (
	"bytes"
	"io"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestQuestionsTakeTurns: a peer that asks very much at once is answered a part at
// a time, so that others come in between.
func TestQuestionsTakeTurns(t *testing.T) {
	g := startGateway(t, Options{Listen: "tcp://127.0.0.1:0"})
	const questions = 100_000
	ask := gp.Message{Cmd: gp.CmdIsOnline, Flag: gp.FlagBodyIsScalar}
	before := g.Stats().InnerTurns.Count
	p := g.dialInner()
	_ = p.conn.SetDeadline(time.Now().Add(patience))
	go func() { _, _ = p.conn.Write(bytes.Repeat(gp.AppendMessage(nil, &ask), questions)) }()
	if _, err := io.ReadFull(p.r, make([]byte, questions*len("\x00\x00\x00\x04i:0;"))); err != nil {
		t.Fatal(err)
	}
	const most = answersAtOnce
	if turns := g.Stats().InnerTurns.Count - before; turns < questions/most-1 {
		t.Errorf("%d questions were answered in %d turns, which is more than %d a turn", questions, turns, most)
	}
}
