package commandtest

import (
	"slices"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/command"
	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Gateway is an executor on a hub, with one caller and clients that record what
// they are sent. The fields from Got on are for tests to read, and to reset.
type Gateway struct {
	t     testing.TB
	Hub   *hub.Hub
	exec  *command.Executor
	codec clientproto.Codec

	authorized bool

	Got     map[uint32][]byte // what each client was sent, by connection id
	Replies [][]byte
	Refused []error
	Closed  error  // why the caller was closed
	Worker  string // what a worker called itself when it connected
}

// New returns a gateway for clients of a scheme.
func New(t testing.TB, scheme, secretKey string) *Gateway {
	g := &Gateway{
		t:          t,
		Hub:        hub.New(0),
		codec:      clientproto.New(scheme, clientproto.Options{}),
		authorized: secretKey == "",
		Got:        map[uint32][]byte{},
	}
	g.exec = command.New(g.Hub, g, command.Options{SecretKey: secretKey, Websocket: scheme == "websocket"})
	return g
}

// Connect adds a client.
func (g *Gateway) Connect() *hub.Client {
	g.Hub.Mu.Lock()
	defer g.Hub.Mu.Unlock()
	c := &hub.Client{}
	if !g.Hub.AddLocked(c) {
		g.t.Fatal("no connection id is free")
	}
	return c
}

// Step does what a step says, after the frame's way over the wire.
func (g *Gateway) Step(s *Step) {
	g.Replies, g.Refused, g.Worker = nil, nil, ""
	switch {
	case s.Connect:
		g.Connect()
	case s.Disconnect != 0:
		g.Destroy(g.client(s.Disconnect))
	default:
		if rest, waiting := g.exec.ExecuteAll(g, gatewayprotocol.AppendMessage(nil, &s.M), 1); len(rest) > 0 || waiting {
			g.t.Fatalf("%v is not executed: %d bytes are left", s.M.Cmd, len(rest))
		}
	}
}

// Execute executes the frames at the start of b.
func (g *Gateway) Execute(b []byte) (rest []byte) {
	rest, _ = g.exec.ExecuteAll(g, b, len(b))
	return rest
}

// Check fails the test if step i did not do what it says.
func (g *Gateway) Check(t testing.TB, i int, s *Step) {
	t.Helper()
	switch {
	case s.Reply == "" && len(g.Replies) > 0, s.Reply != "" && len(g.Replies) != 1:
		t.Fatalf("step %d (%v): %d replies, want %q; refused: %v", i, s.M.Cmd, len(g.Replies), s.Reply, g.Refused)
	case s.Reply != "" && string(g.Replies[0]) != s.Reply:
		t.Errorf("step %d (%v %s)\n got %s\nwant %s", i, s.M.Cmd, s.M.ExtData, g.Replies[0], s.Reply)
	}
	if refused := len(g.Refused) > 0; refused != (s.Refused || s.Kills) {
		t.Errorf("step %d (%v %q %q): refused is %v, want %v", i, s.M.Cmd, s.M.ExtData, s.M.Body, g.Refused, !refused)
	}
	if closed := g.Closed != nil; closed != s.Closes {
		t.Errorf("step %d (%v %q): closed is %v, want %v", i, s.M.Cmd, s.M.Body, g.Closed, s.Closes)
	}
	if s.Worker != g.Worker {
		t.Errorf("step %d: worker key %q, want %q", i, g.Worker, s.Worker)
	}
}

// CheckHub fails the test when what the hub says of clients and what it says of
// groups and uids contradict each other. (Package hub tests its insides.)
func (g *Gateway) CheckHub(t testing.TB) {
	t.Helper()
	h := g.Hub
	memberships := 0
	for c := range h.ClientsLocked().All() {
		if h.ClientLocked(c.ID()) != c {
			t.Fatalf("client %d is not found by its id", c.ID())
		}
		if uid := c.UIDLocked(); uid != "" && !slices.Contains(h.AppendUIDLocked(nil, []byte(uid)), c) {
			t.Fatalf("client %d is not found by its uid %q", c.ID(), uid)
		}
		for name := range c.GroupsLocked() {
			memberships++
			if !slices.Contains(h.MembersLocked([]byte(name)).AppendTo(nil), c) {
				t.Fatalf("client %d is not in its group %q", c.ID(), name)
			}
		}
	}
	for name := range h.GroupsLocked() {
		members := h.MembersLocked([]byte(name)).Len()
		if members == 0 {
			t.Fatalf("group %q is empty", name)
		}
		memberships -= members
	}
	if memberships != 0 {
		t.Fatalf("clients and groups disagree by %d memberships", memberships)
	}
}

// ids returns the connection ids of all clients.
func (g *Gateway) ids() []uint32 {
	var out []uint32
	for c := range g.Hub.ClientsLocked().All() {
		out = append(out, c.ID())
	}
	return out
}

func (g *Gateway) client(id uint32) *hub.Client {
	g.Hub.Mu.Lock()
	defer g.Hub.Mu.Unlock()
	return g.Hub.ClientLocked(id)
}

// What the executor tells of clients.

// Deliver records what clients are sent.
func (g *Gateway) Deliver(to []*hub.Client, body []byte, raw bool) {
	g.unlocked()
	if len(to) == 0 {
		g.t.Error("Deliver without clients")
	}
	for _, c := range to {
		g.send(c, body, raw)
	}
}

func (g *Gateway) send(c *hub.Client, body []byte, raw bool) {
	if raw {
		g.Got[c.ID()] = append(g.Got[c.ID()], body...)
	} else {
		g.Got[c.ID()] = g.codec.AppendMessage(g.Got[c.ID()], body)
	}
}

// Kick records a last message and removes the client.
func (g *Gateway) Kick(c *hub.Client, body []byte, send bool) {
	g.unlocked()
	if send {
		g.send(c, body, false)
	}
	g.Destroy(c)
}

// Destroy removes the client.
func (g *Gateway) Destroy(c *hub.Client) {
	g.unlocked()
	g.Hub.Mu.Lock()
	defer g.Hub.Mu.Unlock()
	g.Hub.RemoveLocked(c)
}

// What the executor tells the caller.

// Authorized reports whether a key was given, or none is needed.
func (g *Gateway) Authorized() bool { return g.authorized }

// Connected records what a worker calls itself.
func (g *Gateway) Connected(worker bool, workerKey string) {
	g.unlocked()
	g.authorized = true
	if worker {
		g.Worker = workerKey
	}
}

// Ended reports whether the caller was closed.
func (g *Gateway) Ended() bool { return g.Closed != nil }

// Reply records an answer.
func (g *Gateway) Reply(payload []byte) {
	g.unlocked()
	g.Replies = append(g.Replies, append([]byte{}, payload...))
}

// Refuse records why a frame had no effect.
func (g *Gateway) Refuse(m *gatewayprotocol.Message, err error) {
	g.unlocked()
	if err == nil || err.Error() == "" {
		g.t.Errorf("%v is refused without a reason", m.Cmd)
	}
	g.Refused = append(g.Refused, err)
}

// Close records why the caller is closed.
func (g *Gateway) Close(err error) { g.unlocked(); g.Closed = err }

// unlocked fails the test when the executor tells something with the hub's lock
// held.
func (g *Gateway) unlocked() {
	if !g.Hub.Mu.TryLock() {
		g.t.Error("the executor holds the hub's lock")
		return
	}
	g.Hub.Mu.Unlock()
}
