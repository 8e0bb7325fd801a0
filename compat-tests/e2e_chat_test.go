package compattests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// chatPing is the heartbeat of workerman-chat's gateway.
const chatPing = `{"type":"ping"}`

// chatEvents is workerman-chat's business code, unmodified.
func chatEvents() string {
	return filepath.Join(os.Getenv(chatVariable), "Applications", "Chat", "Events.php")
}

// chatCluster starts what workerman-chat's start.php starts, as far as the
// chat is concerned: a Register, two gateway addresses, worker processes.
func (e *e2e) chatCluster(by implementation, gateways int) (clientAddresses []string) {
	e.Helper()
	r := e.register(by, "")
	var started []*e2eGateway
	for i := range gateways {
		gw := e.gateway(by, fmt.Sprintf("gw%d", i+1), gatewayConfig{PingInterval: 10 * time.Second, PingData: chatPing}, r)
		started = append(started, gw)
		e.await(r, started...)
		clientAddresses = append(clientAddresses, gw.client)
	}
	e.phpWorker(chatEvents(), 2, gateways, []*e2eRegister{r})
	return clientAddresses
}

// TestChat has three people talk by way of workerman-chat's Events.php, with
// Register and Gateway in PHP and in Go.
func TestChat(t *testing.T) {
	t.Parallel()
	startE2E(t, chatVariable)
	records := map[string][]string{}
	for _, by := range []implementation{php{}, ours} {
		t.Run(by.name(), func(t *testing.T) {
			e := enterE2E(t)
			records[by.name()] = e.chat(e.chatCluster(by, 2))
		})
	}
	if diff := cmp.Diff(records["PHP"], records["Go"]); diff != "" {
		t.Errorf("the chat differs (-PHP +Go):\n%s", diff)
	}
	if n := len(records["Go"]); n != 15 {
		t.Errorf("%d messages, want 15", n)
	}
}

// chat plays the conversation and returns what each client saw.
func (e *e2e) chat(gateways []string) []string {
	var rec record
	enter := func(name string, gateway string) *talker {
		c := e.dial(name, "ws://"+gateway+"/", nil)
		c.ignore = func(message string) bool { return message == chatPing }
		return c
	}
	hear := func(people ...*talker) {
		e.Helper()
		for _, c := range people {
			rec.add("%s: %s", c.name, c.must())
		}
	}
	// login sends the page's login and learns the client id from its answer.
	login := func(c *talker, name string, room int) string {
		e.Helper()
		c.send(fmt.Sprintf(`{"type":"login","client_name":"%s","room_id":%d}`, name, room))
		answer := c.must()
		var message struct {
			ID string `json:"client_id"`
		}
		if err := json.Unmarshal([]byte(answer), &message); err != nil || !clientID20.MatchString(message.ID) {
			e.Fatalf("%s: bad answer to login: %s", c.name, answer)
		}
		rec.name(message.ID, c.name)
		rec.add("%s: %s", c.name, answer)
		return message.ID
	}

	alice, bob, carol := enter("alice", gateways[0]), enter("bob", gateways[1]), enter("carol", gateways[0])
	aliceID := login(alice, "Alice", 1)
	login(bob, `Bob <b>\"&`, 1)
	hear(alice)
	login(carol, "卡罗尔", 2) // the other room hears nothing
	alice.send(`{"type":"say","to_client_id":"all","to_client_name":"所有人","content":"hello\nall & <you>"}`)
	hear(alice, bob)
	bob.send(`{"type":"say","to_client_id":"` + aliceID + `","to_client_name":"Alice","content":"in private"}`)
	hear(alice, bob)
	bob.send(`{"type":"pong"}`)
	bob.send(`no JSON`)
	bob.send(`{"type":"say","to_client_id":"all","content":"` + strings.Repeat("long ", 5000) + `"}`)
	hear(alice, bob)
	alice.hangUp()
	hear(bob)
	alice = enter("alice again", gateways[1])
	login(alice, "Alice", 1)
	hear(bob)
	carol.send(`{"type":"say","to_client_id":"all","content":"anybody?"}`)
	hear(carol)
	bob.hangUp()
	hear(alice)
	return rec.lines
}
