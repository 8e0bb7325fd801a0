package command_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/commandtest"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func TestConversations(t *testing.T) {
	for _, conv := range commandtest.Conversations {
		t.Run(conv.Name, func(t *testing.T) {
			g := commandtest.New(t, conv.Scheme(), conv.SecretKey)
			for i, s := range conv.Steps {
				if g.Closed != nil {
					t.Fatalf("step %d follows the end of the caller", i)
				}
				g.Step(&s)
				g.Check(t, i, &s)
				g.CheckHub(t)
			}
			got := map[uint32]string{}
			for id, b := range g.Got {
				got[id] = string(b)
			}
			want := conv.Received
			if want == nil {
				want = map[uint32]string{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what clients received (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRandomConversations: the hub stays whole whatever comes.
func TestRandomConversations(t *testing.T) {
	for seed := range uint64(20) {
		commandtest.Random(t, seed, 300)
	}
}

// TestMultiplyingReferences has a short body and a short session that stand for
// very much: each level holds the one below twice, by reference.
func TestMultiplyingReferences(t *testing.T) {
	much := `s:1:"x";`
	for level := 60; level >= 1; level-- {
		much = fmt.Sprintf("a:2:{i:0;%si:1;R:%d;}", much, level+1)
	}
	g := commandtest.New(t, "websocket", "")
	g.Connect()
	for _, s := range []commandtest.Step{
		commandtest.Sends(gp.CmdSendToOne, 1, "", much, 0).KillsPHP(),
		commandtest.Does(gp.CmdUpdateSession, 1, much),
		commandtest.Does(gp.CmdUpdateSession, 1, much).KillsPHP(),
		commandtest.Asks(gp.CmdGetSessionByClientID, 1, "", much),
	} {
		g.Step(&s)
		g.Check(t, 0, &s)
	}
	if len(g.Got) > 0 {
		t.Errorf("%d bytes were sent", len(g.Got[1]))
	}
}
