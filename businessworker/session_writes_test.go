package businessworker_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/google/go-cmp/cmp"
)

// sessionWrites is what becomes of a session that a handler writes to, in PHP
// and here, in JSON. "null" is no session, "[]" an empty one.
//
// The steps are these of PHP, and here the methods of Session of the same name:
//
//	set, delete    $_SESSION['k'] = v; unset($_SESSION['k'])
//	replace        $_SESSION = [...]
//	clear          $_SESSION = null
//	update         $_SESSION = array_replace_recursive((array)$_SESSION, [...])
//
// and the methods of Lib\Gateway and of gatewayclient.Client, for the handler's
// own client: setSession, updateSession, getSession. setSocketSession is not in
// gatewayclient; it writes past $_SESSION.
//
// Two rows differ. PHP's updateSession takes all of $_SESSION for written, though
// only the values given to it are: what the handler had changed before is lost,
// unless it changes something afterwards. Here it is written.
var sessionWrites = []struct {
	before string // the session before the handler
	steps  string // what the handler does: a list of [name, argument ...]
	seen   string // $_SESSION at its end
	held   string // by the gateway, afterwards; the next event has the same
	here   string // held by the gateway after a Go worker's handler, where that differs
}{
	{`{"a":1}`, `[["read"]]`, `{"a":1}`, `{"a":1}`, same},
	{`{"a":1}`, `[["set","b",2]]`, `{"a":1,"b":2}`, `{"a":1,"b":2}`, same},
	{`{"a":1}`, `[["set","a",1]]`, `{"a":1}`, `{"a":1}`, same},
	{`{"a":1}`, `[["setSession",{"b":2}]]`, `{"b":2}`, `{"b":2}`, same},
	{`{"a":1}`, `[["updateSession",{"b":2}]]`, `{"a":1,"b":2}`, `{"a":1,"b":2}`, same},
	{`{"a":1}`, `[["setSocketSession",{"b":2}]]`, `{"a":1}`, `{"b":2}`, phpOnly},
	{`{"a":1}`, `[["read"],["setSession",{"b":2}]]`, `{"b":2}`, `{"b":2}`, same},
	{`{"a":1}`, `[["read"],["updateSession",{"b":2}]]`, `{"a":1,"b":2}`, `{"a":1,"b":2}`, same},
	{`{"a":1}`, `[["set","c",3],["setSession",{"b":2}]]`, `{"b":2}`, `{"b":2}`, same},
	{`{"a":1}`, `[["set","c",3],["updateSession",{"b":2}]]`, `{"a":1,"c":3,"b":2}`, `{"a":1,"b":2}`, `{"a":1,"c":3,"b":2}`},
	{`{"a":1}`, `[["set","c",3],["setSocketSession",{"b":2}]]`, `{"a":1,"c":3}`, `{"a":1,"c":3}`, phpOnly},
	{`{"a":1}`, `[["setSession",{"b":2}],["set","c",3]]`, `{"b":2,"c":3}`, `{"b":2,"c":3}`, same},
	{`{"a":1}`, `[["updateSession",{"b":2}],["set","c",3]]`, `{"a":1,"b":2,"c":3}`, `{"a":1,"b":2,"c":3}`, same},
	{`{"a":1}`, `[["set","c",3],["updateSession",{"b":2}],["set","d",4]]`, `{"a":1,"c":3,"b":2,"d":4}`, `{"a":1,"c":3,"b":2,"d":4}`, same},
	{`{"a":1}`, `[["setSocketSession",{"b":2}],["set","c",3]]`, `{"a":1,"c":3}`, `{"a":1,"c":3}`, phpOnly},
	{`{"a":1}`, `[["updateSession",{"b":2}],["setSession",{"c":3}]]`, `{"c":3}`, `{"c":3}`, same},
	{`{"a":1}`, `[["setSession",{"c":3}],["updateSession",{"b":2}]]`, `{"c":3,"b":2}`, `{"c":3,"b":2}`, same},
	{`{"a":1}`, `[["updateSession",{"b":2}],["delete","b"]]`, `{"a":1}`, `{"a":1}`, same},
	{`{"a":1}`, `[["updateSession",{"b":2}],["clear"]]`, `null`, `null`, same},
	{`{"a":1}`, `[["clear"],["updateSession",{"b":2}]]`, `{"b":2}`, `{"a":1,"b":2}`, `{"b":2}`},
	{`{"a":1}`, `[["clear"],["setSession",{}]]`, `[]`, `[]`, same},
	{`{"a":1}`, `[["updateSession",{"a":{"x":1}}],["update",{"a":{"y":2}}]]`, `{"a":{"x":1,"y":2}}`, `{"a":{"x":1,"y":2}}`, same},
	{`{"a":1}`, `[["update",{"b":{"x":1}}]]`, `{"a":1,"b":{"x":1}}`, `{"a":1,"b":{"x":1}}`, same},
	{`{"a":1}`, `[["clear"]]`, `null`, `null`, same},
	{`{"a":1}`, `[["replace",{}]]`, `[]`, `[]`, same},
	{`{"a":1}`, `[["setSession",{}]]`, `[]`, `[]`, same},
	{`{"a":1}`, `[["updateSession",{}]]`, `{"a":1}`, `{"a":1}`, same},
	{`{"a":1}`, `[["update",{}]]`, `{"a":1}`, `{"a":1}`, same},
	{`{"a":1}`, `[["delete","a"]]`, `[]`, `[]`, same},
	{`{"a":1}`, `[["set","b",2],["getSession"],["delete","b"]]`, `{"a":1}`, `{"a":1}`, same},
	{`null`, `[["read"]]`, `null`, `null`, same},
	{`null`, `[["clear"]]`, `null`, `null`, same},
	{`null`, `[["delete","a"]]`, `null`, `null`, same},
	{`null`, `[["replace",{}]]`, `[]`, `[]`, same},
	{`null`, `[["set","a",1],["delete","a"]]`, `[]`, `[]`, same},
	{`null`, `[["set","a",1],["clear"]]`, `null`, `null`, same},
	{`null`, `[["update",{}]]`, `[]`, `[]`, same},
	{`null`, `[["setSession",{}]]`, `[]`, `[]`, same},
	{`null`, `[["updateSession",{}]]`, `[]`, `[]`, same},
	{`null`, `[["updateSession",{"a":1}]]`, `{"a":1}`, `{"a":1}`, same},
	{`[]`, `[["read"]]`, `[]`, `[]`, same},
	{`[]`, `[["clear"]]`, `null`, `null`, same},
	{`[]`, `[["replace",{}]]`, `[]`, `[]`, same},
	{`[]`, `[["delete","a"]]`, `[]`, `[]`, same},
}

const (
	same    = ""
	phpOnly = "-"
)

type sessionStep struct {
	name string
	key  string             // of set and delete
	arg  phpserialize.Value // of the others; the value of set
	id   string             // of setSession and updateSession: another client
}

func sessionSteps(text string) ([]sessionStep, error) {
	v, err := phpjson.Decode([]byte(text))
	list, ok := v.(*phpserialize.Array)
	if err != nil || !ok {
		return nil, fmt.Errorf("%q is no list of steps: %w", text, err)
	}
	var steps []sessionStep
	for _, v := range list.Values() {
		words := append(v.(*phpserialize.Array).Values(), nil, nil)
		s := sessionStep{name: words[0].(string), arg: words[1]}
		s.key, _ = words[1].(string)
		if s.id, ok = words[2].(string); !ok && words[2] != nil {
			s.arg = words[2]
		}
		steps = append(steps, s)
	}
	return steps, nil
}

// doSessionSteps is testdata/session_events.php in Go.
func doSessionSteps(ctx context.Context, e *businessworker.Event, msg string) error {
	steps, err := sessionSteps(msg)
	if err != nil {
		return err
	}
	s := e.Session()
	for _, step := range steps {
		id := e.ClientID()
		if step.id != "" {
			if id, err = gatewayclient.ParseClientID(step.id); err != nil {
				return err
			}
		}
		switch step.name {
		case "read":
			s.Has("a")
		case "set":
			err = s.Set(step.key, step.arg)
		case "delete":
			s.Delete(step.key)
		case "replace":
			err = s.Replace(step.arg)
		case "update":
			err = s.Update(step.arg)
		case "clear":
			s.Clear()
		case "setSession":
			err = e.Gateway().SetSession(ctx, id, step.arg)
		case "updateSession":
			err = e.Worker().Gateway().UpdateSession(ctx, id, step.arg)
		case "getSession":
			_, err = e.Gateway().Session(ctx, id)
		default:
			err = fmt.Errorf("no step %q", step.name)
		}
		if err != nil {
			return err
		}
	}
	seen := "null"
	if !s.IsNull() {
		text, err := phpjson.Encode(s.Array(), phpjson.Options{})
		if err != nil {
			return err
		}
		seen = string(text)
	}
	return e.Send(ctx, []byte(e.ClientID().String()+" "+seen))
}

// sessionCluster is a cluster with a worker that does steps.
type sessionCluster struct {
	*clustertest.Cluster
	client *gatewayclient.Client
	worker clustertest.Peer
}

func eachSessionCluster(t *testing.T, body func(t *testing.T, c *sessionCluster)) {
	for _, tt := range []struct{ worker, gateway clustertest.Peer }{
		{clustertest.Go, clustertest.Go}, {clustertest.Go, clustertest.PHP}, {clustertest.PHP, clustertest.PHP},
	} {
		t.Run(fmt.Sprintf("%s worker, %s gateway", tt.worker, tt.gateway), func(t *testing.T) {
			if tt.gateway == clustertest.PHP {
				clustertest.NeedPHP(t)
			}
			c := &sessionCluster{Cluster: clustertest.Start(t, tt.gateway, clustertest.Options{}), worker: tt.worker}
			if tt.worker == clustertest.PHP {
				events := must(filepath.Abs("testdata/session_events.php"))(t)
				clustertest.StartPHPWorker(t, "REGISTER_ADDRESS="+c.Registers[0].Addr, "EVENTS_FILE="+events)
			} else {
				start(t, c.Cluster, &events{message: doSessionSteps}, businessworker.Options{})
			}
			c.client = must(gatewayclient.New(gatewayclient.Options{RegisterAddresses: c.RegisterAddresses(), QueryTimeout: patience, Logger: clustertest.Quiet()}))(t)
			defer c.client.Close()
			body(t, c)
		})
	}
}

// dial connects a client whose session is the one given.
func (c *sessionCluster) dial(t *testing.T, session string) *clustertest.Client {
	t.Helper()
	var u *clustertest.Client
	testwait.Until(t, "a client is served", func() bool {
		var err error
		if u, err = c.Gateways[0].TryDial("/"); err != nil {
			return false
		}
		if err = u.TrySend("[]"); err == nil {
			var answer string
			if answer, err = u.TryReceive(); err == nil {
				id, _, _ := strings.Cut(answer, " ")
				u.ID, err = gatewayclient.ParseClientID(id)
			}
		}
		if err != nil {
			u.Close()
		}
		return err == nil
	})
	t.Cleanup(u.Close)
	if session != "null" {
		c.do(t, u, `[["replace",`+session+`]]`)
	}
	return u
}

// do has the worker do steps and returns what the handler saw at its end.
func (c *sessionCluster) do(t *testing.T, u *clustertest.Client, steps string) (seen string) {
	t.Helper()
	u.Send(t, steps)
	_, seen, _ = strings.Cut(u.Receive(t), " ")
	// What a handler commanded is executed before the answer of the next one.
	u.Send(t, "[]")
	u.Receive(t)
	return seen
}

// held returns the session that the gateway has.
func (c *sessionCluster) held(t *testing.T, u *clustertest.Client) string {
	t.Helper()
	for _, s := range must(c.client.AllClientSessions(context.Background()))(t) {
		if s.ClientID != u.ID {
			continue
		}
		if len(s.Session) == 0 {
			return "null"
		}
		v := must(phpserialize.Unmarshal(s.Session))(t)
		return string(must(phpjson.Encode(v, phpjson.Options{}))(t))
	}
	t.Fatal("the gateway does not have the client")
	return ""
}

func TestSessionWrites(t *testing.T) {
	eachSessionCluster(t, func(t *testing.T, c *sessionCluster) {
		for _, tt := range sessionWrites {
			want := tt.held
			if c.worker == clustertest.Go && tt.here != same {
				want = tt.here
			}
			if want == phpOnly {
				continue
			}
			u := c.dial(t, tt.before)
			seen := c.do(t, u, tt.steps)
			held := c.held(t, u)
			next := c.do(t, u, "[]")
			if want == "null" && next == "[]" {
				next = want // the answer to a question is an empty array, in PHP as here
			}
			u.Close()
			if diff := cmp.Diff([]string{tt.seen, want, want}, []string{seen, held, next}); diff != "" {
				t.Errorf("%s, then %s: seen, held, seen next (-want +got):\n%s", tt.before, tt.steps, diff)
			}
		}
	})
}

// TestSessionWritesOfOthers: what a handler writes to another client's session is
// not in its own, and the other client's next event has it.
func TestSessionWritesOfOthers(t *testing.T) {
	eachSessionCluster(t, func(t *testing.T, c *sessionCluster) {
		for _, tt := range []struct{ method, want string }{
			{"setSession", `{"b":2}`},
			{"updateSession", `{"a":1,"b":2}`},
		} {
			u, other := c.dial(t, `{"a":1}`), c.dial(t, `{"a":1}`)
			if seen := c.do(t, u, fmt.Sprintf(`[["set","c",3],["%s",{"b":2},"%s"]]`, tt.method, other.ID)); seen != `{"a":1,"c":3}` {
				t.Errorf("%s for another client: the own session is %s", tt.method, seen)
			}
			if held := c.held(t, u); held != `{"a":1,"c":3}` {
				t.Errorf("%s for another client: of the own one the gateway has %s", tt.method, held)
			}
			if held := c.held(t, other); held != tt.want {
				t.Errorf("%s: the gateway has %s, want %s", tt.method, held, tt.want)
			}
			if seen := c.do(t, other, "[]"); seen != tt.want {
				t.Errorf("%s: the next event has %s, want %s", tt.method, seen, tt.want)
			}
		}
	})
}

// TestSessionWriteByAnotherHandler: what the handler of another client writes to
// a session while the client's own handler runs is kept when that one ends.
func TestSessionWriteByAnotherHandler(t *testing.T) {
	c := &sessionCluster{Cluster: clustertest.Start(t, clustertest.Go, clustertest.Options{})}
	began, written := make(chan businessworker.ClientID), make(chan error)
	start(t, c.Cluster, &events{message: func(ctx context.Context, e *businessworker.Event, msg string) error {
		switch msg {
		case "set":
			if err := e.Session().Set("c", 3); err != nil {
				return err
			}
			began <- e.ClientID()
			if err := <-written; err != nil {
				return err
			}
			return e.Send(ctx, []byte("done"))
		case "write":
			written <- e.Gateway().UpdateSession(ctx, <-began, array{"b": 2})
			return nil
		}
		return doSessionSteps(ctx, e, msg)
	}}, businessworker.Options{})
	c.client = must(gatewayclient.New(gatewayclient.Options{RegisterAddresses: c.RegisterAddresses(), QueryTimeout: patience, Logger: clustertest.Quiet()}))(t)
	defer c.client.Close()
	u, other := c.dial(t, `{"a":1}`), c.dial(t, "null")
	u.Send(t, "set")
	other.Send(t, "write")
	receive(t, u, "done")
	if seen, want := c.do(t, u, "[]"), `{"a":1,"c":3,"b":2}`; seen != want {
		t.Errorf("the next event has %s, want %s", seen, want)
	}
	if held, want := c.held(t, u), `{"a":1,"c":3,"b":2}`; held != want {
		t.Errorf("the gateway has %s, want %s", held, want)
	}
}

type array = map[string]any
