package chat_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/chat"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

const patience = 2 * time.Minute

// start serves the chat of a Go cluster. It ends with its test.
func start(t *testing.T, c *clustertest.Cluster, opts chat.Options) *chat.Server {
	t.Helper()
	s := prepare(t, c, opts)
	serve(t, s)
	return s
}

// prepare makes the chat of a Go cluster.
func prepare(t *testing.T, c *clustertest.Cluster, opts chat.Options) *chat.Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gw, err := net.ResolveTCPAddr("tcp", c.Gateways[0].ClientAddr)
	if err != nil {
		t.Fatal(err)
	}
	opts.Listener, opts.Gateway, opts.Logger = ln, gw, clustertest.Quiet()
	opts.RegisterAddresses, opts.SecretKey = c.RegisterAddresses(), c.SecretKey
	s, err := chat.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func serve(t *testing.T, s *chat.Server) {
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// eachWorker runs the test body against the Go worker and against Events.php
// of the docs.
func eachWorker(t *testing.T, body func(t *testing.T, g *clustertest.Gateway)) {
	clustertest.Each(t, clustertest.Options{SecretKey: "pa55"}, func(t *testing.T, c *clustertest.Cluster) {
		if c.Peer == clustertest.Go {
			start(t, c, chat.Options{})
		} else {
			events, err := filepath.Abs("../../../../docs/chat/Events.php")
			if err != nil {
				t.Fatal(err)
			}
			clustertest.StartPHPWorker(t, "EVENTS_FILE="+events, "SECRET_KEY="+c.SecretKey,
				"REGISTER_ADDRESS="+strings.Join(c.RegisterAddresses(), ","))
		}
		waitForWorker(t, c.Gateways[0])
		body(t, c.Gateways[0])
	})
}

// waitForWorker waits until the gateway takes clients. There is no event for
// that: it tries again and again.
func waitForWorker(t *testing.T, g *clustertest.Gateway) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := g.TryDial("/"); err == nil {
			_, err := c.TryReceive()
			c.Close()
			if err == nil {
				return
			}
		}
	}
	t.Fatal("the worker does not connect")
}

type message struct {
	Type     string   `json:"type"`
	ClientID string   `json:"client_id"`
	Name     string   `json:"name"`
	Text     string   `json:"text"`
	Room     string   `json:"room"`
	Rooms    []string `json:"rooms"`
	Members  []person `json:"members"`
	To       string   `json:"to"`
	ToName   string   `json:"to_name"`
}

type person struct {
	ClientID string `json:"client_id"`
	Name     string `json:"name"`
}

// visitor is a client as the page is one.
type visitor struct {
	*clustertest.Client
	id    string
	rooms []string // at the welcome
}

func open(t *testing.T, g *clustertest.Gateway) *visitor {
	t.Helper()
	p := &visitor{Client: g.Dial(t, "/")}
	m := p.next(t)
	if m.Type != "welcome" || len(m.ClientID) != 20 {
		t.Fatalf("first message: %+v", m)
	}
	p.id, p.rooms = m.ClientID, m.Rooms
	return p
}

func (p *visitor) next(t *testing.T) (m message) {
	t.Helper()
	text := p.Receive(t)
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

func (p *visitor) expect(t *testing.T, want message) {
	t.Helper()
	if diff := cmp.Diff(want, p.next(t)); diff != "" {
		t.Fatal(diff)
	}
}

func (p *visitor) login(t *testing.T, name, room string) []person {
	t.Helper()
	p.Send(t, fmt.Sprintf(`{"type":"login","name":%q,"room":%q}`, name, room))
	m := p.next(t)
	if m.Type != "room" || m.Room != room {
		t.Fatalf("answer to login: %+v", m)
	}
	return m.Members
}

func (p *visitor) say(t *testing.T, text, to string) {
	t.Helper()
	p.Send(t, fmt.Sprintf(`{"type":"say","text":%q,"to":%q}`, text, to))
}

func TestTalk(t *testing.T) {
	eachWorker(t, func(t *testing.T, g *clustertest.Gateway) {
		ann := open(t, g)
		if got, want := ann.login(t, " Ann ", "Lobby"), []person{{ann.id, "Ann"}}; !slices.Equal(got, want) {
			t.Fatalf("members %v, want %v", got, want)
		}
		bob := open(t, g)
		if got, want := bob.login(t, "<b>Bob</b>", "Lobby"), []person{{ann.id, "Ann"}, {bob.id, "<b>Bob</b>"}}; !slices.Equal(got, want) {
			t.Fatalf("members %v, want %v", got, want)
		}
		ann.expect(t, message{Type: "joined", ClientID: bob.id, Name: "<b>Bob</b>"})
		eve := open(t, g)
		eve.login(t, "Ève", "Lobby")
		ann.expect(t, message{Type: "joined", ClientID: eve.id, Name: "Ève"})
		bob.expect(t, message{Type: "joined", ClientID: eve.id, Name: "Ève"})

		ann.say(t, "hello, 世界 & all <i>", "")
		for _, p := range []*visitor{ann, bob, eve} {
			p.expect(t, message{Type: "say", ClientID: ann.id, Name: "Ann", Text: "hello, 世界 & all <i>"})
		}

		bob.say(t, "just us", ann.id)
		for _, p := range []*visitor{ann, bob} {
			p.expect(t, message{Type: "say", ClientID: bob.id, Name: "<b>Bob</b>", Text: "just us", To: ann.id, ToName: "Ann"})
		}
		bob.say(t, "all", "")
		for _, p := range []*visitor{ann, bob, eve} { // Eve has not seen the one before
			p.expect(t, message{Type: "say", ClientID: bob.id, Name: "<b>Bob</b>", Text: "all"})
		}

		bob.Close()
		ann.expect(t, message{Type: "left", ClientID: bob.id, Name: "<b>Bob</b>"})
		ann.Send(t, `{"type":"leave"}`)
		eve.expect(t, message{Type: "left", ClientID: bob.id, Name: "<b>Bob</b>"})
		eve.expect(t, message{Type: "left", ClientID: ann.id, Name: "Ann"})
		ann.say(t, "still here?", "")
		ann.expect(t, message{Type: "error", Text: "Enter a room first."})
	})
}

func TestRooms(t *testing.T) {
	eachWorker(t, func(t *testing.T, g *clustertest.Gateway) {
		ann, bob := open(t, g), open(t, g)
		if len(ann.rooms) != 0 {
			t.Errorf("rooms %q before there is one", ann.rooms)
		}
		ann.login(t, "Ann", "0") // no group may be called that
		bob.login(t, "Bob", "1")
		if eve := open(t, g); !slices.Equal(eve.rooms, []string{"0", "1"}) {
			t.Errorf("rooms %q", eve.rooms)
		}
		bob.say(t, "psst", ann.id) // is in another room
		bob.expect(t, message{Type: "error", Text: "Nobody here has this client id; perhaps they just left."})
		bob.say(t, "is anybody here?", "")
		bob.expect(t, message{Type: "say", ClientID: bob.id, Name: "Bob", Text: "is anybody here?"})

		// A second login moves.
		if got := bob.login(t, "Robert", "0"); len(got) != 2 {
			t.Errorf("members %v", got)
		}
		ann.expect(t, message{Type: "joined", ClientID: bob.id, Name: "Robert"})
		ann.login(t, "Ann", "1")
		bob.expect(t, message{Type: "left", ClientID: ann.id, Name: "Ann"})
		if eve := open(t, g); !slices.Equal(eve.rooms, []string{"0", "1"}) {
			t.Errorf("rooms %q", eve.rooms)
		}
	})
}

func TestRefusals(t *testing.T) {
	eachWorker(t, func(t *testing.T, g *clustertest.Gateway) {
		ann := open(t, g)
		refused := func(send, want string) {
			t.Helper()
			ann.Send(t, send)
			ann.expect(t, message{Type: "error", Text: want})
		}
		const noMessage, noName = "This is not a message.", "A name has 1 to 24 characters, a room 1 to 32."
		refused("", noMessage)
		refused("hello", noMessage)
		refused("5", noMessage)
		refused("[]", noMessage)
		refused(`{"type":"shout"}`, noMessage)
		refused(`{"type":"say","text":"hello"}`, "Enter a room first.")
		refused(`{"type":"login","name":"  ","room":"Lobby"}`, noName)
		refused(`{"type":"login","name":"`+strings.Repeat("ü", 25)+`","room":"Lobby"}`, noName)
		refused(`{"type":"login","name":"Ann","room":"`+strings.Repeat("x", 33)+`"}`, noName)
		ann.Send(t, `{"type":"leave"}`) // from nowhere: nothing happens
		ann.login(t, strings.Repeat("ü", 24), strings.Repeat("界", 32))
		refused(`{"type":"say","text":" "}`, "A message has 1 to 2000 characters.")
		refused(`{"type":"say","text":"`+strings.Repeat("x", 2001)+`"}`, "A message has 1 to 2000 characters.")
		refused(`{"type":"say","text":"x","to":"Bob"}`, "Nobody has this client id.")
		offline := ann.id[:16] + "ffff"
		refused(`{"type":"say","text":"x","to":"`+offline+`"}`, "Nobody here has this client id; perhaps they just left.")
		elsewhere := "7f000001000100000001" // a gateway that is not in the cluster
		refused(`{"type":"say","text":"x","to":"`+elsewhere+`"}`, "Nobody here has this client id; perhaps they just left.")
		ann.say(t, strings.Repeat("界", 2000), "")
		ann.expect(t, message{Type: "say", ClientID: ann.id, Name: strings.Repeat("ü", 24), Text: strings.Repeat("界", 2000)})
	})
}

// However many enter at the same time, each knows all the others in the end.
func TestEveryoneLearnsOfEveryone(t *testing.T) {
	const n = 30
	eachWorker(t, func(t *testing.T, g *clustertest.Gateway) {
		pages := make([]*visitor, n)
		for i := range pages {
			pages[i] = open(t, g)
		}
		knows := make([]map[string]string, n)
		var wg sync.WaitGroup
		for i, p := range pages {
			wg.Go(func() {
				known := map[string]string{}
				knows[i] = known
				if err := p.TrySend(fmt.Sprintf(`{"type":"login","name":"guest %d","room":"Lobby"}`, i)); err != nil {
					t.Error(err)
					return
				}
				for listed := false; !listed || len(known) < n; {
					text, err := p.TryReceive()
					if err != nil {
						t.Errorf("guest %d knows only %d: %v", i, len(known), err)
						return
					}
					var m message
					if err := json.Unmarshal([]byte(text), &m); err != nil {
						t.Error(err)
						return
					}
					switch m.Type {
					case "joined":
						known[m.ClientID] = m.Name
					case "room":
						listed = true
						for _, who := range m.Members {
							known[who.ClientID] = who.Name
						}
					default:
						t.Errorf("guest %d got %s", i, text)
						return
					}
				}
			})
		}
		wg.Wait()
		for i, p := range pages {
			for j, known := range knows {
				if want := fmt.Sprintf("guest %d", i); known[p.id] != want {
					t.Errorf("guest %d knows %q as %q", j, want, known[p.id])
				}
			}
		}
	})
}

// docs/chat.md shows the code that runs.
func TestDocsShowTheCode(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/chat.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"../../../../docs/chat/Events.php", "events.go"} {
		code, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(doc), strings.TrimSpace(string(code))) {
			t.Errorf("docs/chat.md does not have %s as it is", path)
		}
	}
}
