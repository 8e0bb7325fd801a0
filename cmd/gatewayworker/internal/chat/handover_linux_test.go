package chat_test

import (
	"context"
	"errors"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/chat"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/handovertest"
)

// passOn has another chat take over what s does.
func passOn(t *testing.T, s, next *chat.Server, wrong func(*handover.Taker) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var still *chat.Standstill
	err := handovertest.Pass(t, func() (err error) {
		still, err = s.StandStill(ctx)
		return err
	}, wrong, handovertest.Part{
		Name: "chat",
		Give: func(to *handover.Giver) error { return still.HandOver(to) },
		Take: next.TakeOver,
	})
	if still == nil {
		return err
	}
	if err != nil {
		still.GoOn()
		_ = next.Close()
		return err
	}
	still.Leave()
	serve(t, next)
	return nil
}

// TestHandover: people in the chat notice nothing while it is handed over, and
// while that fails.
func TestHandover(t *testing.T) {
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])
	ann, bob := open(t, c.Gateways[0]), open(t, c.Gateways[0])
	ann.login(t, "Ann", "Lobby")
	bob.login(t, "Bob", "Lobby")
	ann.expect(t, message{Type: "joined", ClientID: bob.id, Name: "Bob"})
	for i := range 4 {
		ann.say(t, "before", "") // may be handled by either
		next := prepare(t, c, chat.Options{})
		if i == 1 {
			if err := passOn(t, s, next, func(*handover.Taker) error { return errors.New("the end") }); err == nil {
				t.Fatal("the chat was handed over")
			}
		} else {
			if err := passOn(t, s, next, nil); err != nil {
				t.Fatal(err)
			}
			s = next
		}
		bob.say(t, "after", "")
		// Two people's messages have no order, so each answer is waited for.
		got := map[string]int{}
		for _, p := range []*visitor{ann, ann, bob, bob} {
			m := p.next(t)
			got[m.Name+" "+m.Text]++
		}
		if got["Ann before"] != 2 || got["Bob after"] != 2 {
			t.Fatalf("got %v", got)
		}
	}
	eve := open(t, c.Gateways[0])
	eve.login(t, "Eve", "Lobby")
	for _, p := range []*visitor{ann, bob} {
		p.expect(t, message{Type: "joined", ClientID: eve.id, Name: "Eve"})
	}
	get(t, s.URL())

	// From a chat of the page alone, and to one.
	page := prepare(t, c, chat.Options{PageOnly: true})
	if err := passOn(t, s, page, nil); err != nil {
		t.Fatal(err)
	}
	if err := passOn(t, page, prepare(t, c, chat.Options{}), nil); err != nil {
		t.Fatal(err)
	}
}
