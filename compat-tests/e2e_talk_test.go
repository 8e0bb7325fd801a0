package compattests

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A talk is a conversation of clients with TalkEvents.php or talkHandler, and of
// a caller with the gateways. The same talk in clusters of different casts must
// leave the same record.
type talk struct {
	e      *e2e
	rec    record
	caller caller
	sorted bool // several gateways: their answers come in any order
	dirty  bool // the caller has sent something since it asked last
}

// enter connects a client, whom the worker greets.
func (t *talk) enter(gw *e2eGateway, name string) *talker {
	t.e.Helper()
	c := t.e.dial(name, "ws://"+gw.client+"/talk?name="+name, http.Header{"X-Agent": {"agent of " + name}})
	t.hear(c, 1)
	answer, err := t.caller.call("getClientIdByUid", "u-"+name)
	if err != nil {
		t.e.Fatal(err)
	}
	ids, _ := answer.(*phpserialize.Array)
	if ids == nil || ids.Len() != 1 {
		t.e.Fatalf("clients of u-%s: %v", name, answer)
	}
	c.id = ids.Values()[0].(string)
	t.rec.name(c.id, name)
	return c
}

// hear records the next n messages of a client.
func (t *talk) hear(c *talker, n int) {
	t.e.Helper()
	for range n {
		message := c.must()
		if len(message) > 200 {
			message = quote([]byte(message + strings.Repeat(".", longText)))
		}
		t.rec.add("%s < %s", c.name, message)
	}
}

// each records the next message of each of the clients.
func (t *talk) each(clients ...*talker) {
	t.e.Helper()
	for _, c := range clients {
		t.hear(c, 1)
	}
}

func (t *talk) closed(c *talker) {
	t.e.Helper()
	if message, ok := c.next(); ok {
		t.e.Errorf("%s < %s, want end of connection", c.name, message)
	}
	t.rec.add("%s closed", c.name)
}

// say sends a client's message. What the caller did before has taken effect by
// then: say asks the gateway a question first. Without it a message may arrive before the
// gateway, PHP's as well, has accepted the connection that brings a command.
func (t *talk) say(c *talker, message string) {
	t.e.Helper()
	if t.dirty {
		t.dirty = false
		if _, err := t.caller.call("getAllClientIdCount"); err != nil {
			t.e.Fatal(err)
		}
	}
	c.send(message)
}

// do calls a method that asks nothing.
func (t *talk) do(method string, args ...any) {
	t.e.Helper()
	t.dirty = true
	if _, err := t.caller.call(method, args...); err != nil {
		t.e.Fatal(err)
	}
}

// eventually waits until a question can be answered.
func (t *talk) eventually(method string, args ...any) {
	t.e.Helper()
	var err error
	for start := time.Now(); time.Since(start) < e2ePatience; time.Sleep(5 * time.Millisecond) {
		if _, err = t.caller.call(method, args...); err == nil {
			t.ask(method, args...)
			return
		}
	}
	t.e.Fatal(err)
}

// ask records the answer to a call.
func (t *talk) ask(method string, args ...any) {
	t.e.Helper()
	answer, err := t.caller.call(method, args...)
	if err != nil {
		t.e.Fatal(err)
	}
	if t.sorted {
		answer = t.sort(answer)
	}
	data, err := phpjson.Encode(answer, phpjson.Options{UnescapedUnicode: true, UnescapedSlashes: true})
	if err != nil {
		t.e.Fatal(err)
	}
	t.rec.add("%s%v: %s", method, args, data)
}

// sort sorts an array by its keys, a list by its values, client ids by their names.
func (t *talk) sort(v phpserialize.Value) phpserialize.Value {
	array, ok := v.(*phpserialize.Array)
	if !ok {
		return v
	}
	type entry struct {
		key  phpserialize.Key
		text string
	}
	var entries []entry
	for k, v := range array.All() {
		text := k.String()
		if array.IsList() {
			text, _ = phpserialize.ToString(v)
		}
		entries = append(entries, entry{k, t.rec.named(text)})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.text, b.text) })
	out := phpserialize.NewArray()
	for _, en := range entries {
		value, _ := array.Get(en.key)
		if array.IsList() {
			out.Append(value)
		} else {
			out.Set(en.key, t.sort(value))
		}
	}
	return out
}

// play has alice and carol at the first gateway and bob at the last one talk,
// be asked about and pushed to, and leave.
func (t *talk) play(first, last *e2eGateway) {
	alice := t.enter(first, "alice")
	bob := t.enter(last, "bob")
	t.each(alice)
	carol := t.enter(first, "carol")
	t.each(alice, bob)

	// Through the worker.
	t.say(alice, "say hi")
	t.each(alice, bob, carol)
	t.say(bob, "tell u-carol psst 你好")
	t.each(carol, bob)
	t.say(carol, "shout hey")
	t.each(carol, alice, bob)
	t.say(alice, "set color red")
	t.each(alice)
	t.say(alice, "session")
	t.each(alice)
	t.say(bob, "count")
	t.each(bob)
	t.say(bob, "names")
	t.each(bob)

	t.askEverything(alice, bob, carol)
	t.push(alice, bob, carol)

	// Sessions, written by the caller and read by the worker, and back.
	t.do("updateSession", bob.id, map[string]any{"color": map[string]any{"fg": "blue"}})
	t.say(bob, "session")
	t.each(bob)
	t.do("setSession", bob.id, map[string]any{"name": "robert"})
	t.say(bob, "say renamed")
	t.each(alice, bob, carol)
	t.say(bob, "set k v")
	t.each(bob)
	t.say(bob, "session") // the session is written back before this is handled
	t.each(bob)
	t.ask("getSession", bob.id)

	// Leaving.
	t.do("leaveGroup", carol.id, "room")
	t.do("ungroup", "vip")
	t.say(alice, "say less")
	t.each(alice, bob)
	t.do("unbindUid", carol.id, "u-new")
	t.askEverything(alice, bob, carol)
	t.do("closeClient", bob.id, "kicked")
	t.each(bob)
	t.closed(bob)
	t.each(alice)
	t.ask("isOnline", bob.id)
	t.ask("getAllClientIdCount")
	t.do("destoryClient", carol.id)
	t.closed(carol)
	t.each(alice)
	t.say(alice, "quit")
	t.each(alice)
	t.closed(alice)
	t.ask("getAllClientIdCount")
	t.ask("getAllUidList")
	t.ask("getAllGroupIdList")
}

// askEverything asks all the questions.
func (t *talk) askEverything(alice, bob, carol *talker) {
	t.e.Helper()
	t.ask("isOnline", bob.id)
	t.ask("isUidOnline", "u-alice")
	t.ask("isUidOnline", "u-nobody")
	t.ask("getSession", alice.id)
	t.ask("getAllClientIdCount")
	t.ask("getClientIdCountByGroup", "room")
	t.ask("batchGetClientIdCountByGroup", []string{"room", "vip"})
	t.ask("getAllUidCount")
	t.ask("getUidByClientId", bob.id)
	t.ask("getClientIdByUid", "u-alice")
	t.ask("getAllClientIdList")
	t.ask("getClientIdListByGroup", "room")
	t.ask("getAllUidList")
	t.ask("getUidListByGroup", "room")
	t.ask("getAllGroupIdList")
	t.ask("getAllGroupClientIdList")
	t.ask("getAllClientSessions")
	t.ask("getClientSessionsByGroup", "room")
}

// push has the caller bind, join and send.
func (t *talk) push(alice, bob, carol *talker) {
	t.e.Helper()
	t.do("bindUid", carol.id, "u-new")
	t.do("bindUid", bob.id, "u-new")
	t.ask("getClientIdByUid", "u-new")
	t.do("sendToUid", "u-new", "to u-new")
	t.each(bob, carol)
	t.do("sendToUid", []string{"u-alice", "u-new"}, "to two")
	t.each(alice, bob, carol)
	t.do("joinGroup", bob.id, "vip")
	t.do("joinGroup", carol.id, "vip")
	t.ask("getClientIdListByGroup", "vip")
	t.do("sendToGroup", "vip", "to vip", []string{carol.id})
	t.each(bob)
	t.do("sendToGroup", []string{"room", "vip"}, "to both")
	t.hear(alice, 1)
	t.hear(bob, 2)
	t.hear(carol, 2)
	t.do("sendToAll", "to all")
	t.each(alice, bob, carol)
	t.do("sendToAll", "to some", []string{alice.id, bob.id})
	t.each(alice, bob)
	t.do("sendToClient", carol.id, strings.Repeat("long ", 50_000))
	t.each(carol)
}
