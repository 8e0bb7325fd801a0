package businessworker_test

import (
	"encoding/json"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/google/go-cmp/cmp"
)

// TestChatExample runs the example.
func TestChatExample(t *testing.T) {
	clustertest.Each(t, clustertest.Options{Gateways: 2}, func(t *testing.T, c *clustertest.Cluster) {
		start(t, c, chat{}, businessworker.Options{})
		ann, bob := dial(t, c.Gateways[0], "/"), dial(t, c.Gateways[1], "/")
		say := func(u *clustertest.Client, l line) { u.Send(t, string(l.json())) }
		hear := func(u *clustertest.Client, want line) line {
			t.Helper()
			var got line
			if err := json.Unmarshal([]byte(u.Receive(t)), &got); err != nil {
				t.Fatal(err)
			}
			shown := got
			if want.From == "" {
				shown.From = ""
			}
			if want.Here == nil {
				shown.Here = nil
			}
			if diff := cmp.Diff(want, shown); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			return got
		}
		say(ann, line{Type: "login", Room: "r", Name: "Ann"})
		annID := hear(ann, line{Type: "login", Name: "Ann"}).From
		say(bob, line{Type: "login", Room: "r", Name: "Bob"})
		bobID := hear(ann, line{Type: "login", Name: "Bob"}).From
		hear(bob, line{Type: "login", Name: "Bob", From: bobID, Here: map[string]string{annID: "Ann", bobID: "Bob"}})
		say(ann, line{Type: "say", Text: "hello"})
		hear(ann, line{Type: "say", Name: "Ann", From: annID, Text: "hello"})
		hear(bob, line{Type: "say", Name: "Ann", From: annID, Text: "hello"})
		say(bob, line{Type: "say", Text: "psst", To: annID})
		hear(ann, line{Type: "say", Name: "Bob", From: bobID, Text: "psst"})
		bob.Close()
		hear(ann, line{Type: "logout", Name: "Bob", From: bobID})
		stranger := dial(t, c.Gateways[0], "/")
		say(stranger, line{Type: "say", Text: "?"})
		hear(stranger, line{Type: "error", Text: "log in first"})
		stranger.ExpectClosed(t)
	})
}
