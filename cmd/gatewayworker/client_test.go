package main

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/chat"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// patience bounds every wait for something that must happen. It is for machines that
// are many times slower than ours.
const patience = 2 * time.Minute

// TestClientScripts runs each script against a cluster of two gateways of its
// own, in Go and in PHP. The chat is the worker.
func TestClientScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/client/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txt"), func(t *testing.T) {
			clustertest.Each(t, clustertest.Options{Registers: 2, Gateways: 2, SecretKey: "pa55"}, func(t *testing.T, c *clustertest.Cluster) {
				startChat(t, c)
				runClientScript(t, script, c)
			})
		})
	}
}

// startChat starts the chat's worker, in the language of the cluster, and waits
// until every gateway has it.
func startChat(t *testing.T, c *clustertest.Cluster) {
	t.Helper()
	if c.Peer == clustertest.PHP {
		events, err := filepath.Abs("../../docs/chat/Events.php")
		if err != nil {
			t.Fatal(err)
		}
		clustertest.StartPHPWorker(t, "EVENTS_FILE="+events, "SECRET_KEY="+c.SecretKey,
			"REGISTER_ADDRESS="+strings.Join(c.RegisterAddresses(), ","))
	} else {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s, err := chat.New(chat.Options{
			Listener: ln, Gateway: ln.Addr().(*net.TCPAddr), // of no use here
			RegisterAddresses: c.RegisterAddresses(), SecretKey: c.SecretKey, Logger: clustertest.Quiet(),
		})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Serve() }()
		t.Cleanup(func() {
			s.Close()
			<-ended
		})
	}
	deadline := time.Now().Add(patience)
	for _, g := range c.Gateways {
		first, err := greeted(g, deadline)
		if err != nil {
			t.Fatal(err)
		}
		first.Close()
	}
	waitUntilEmpty(t, c, deadline)
}

// waitUntilEmpty waits until the gateways have noticed that their clients are
// gone. Only they know when that is: they are asked again and again.
func waitUntilEmpty(t *testing.T, c *clustertest.Cluster, deadline time.Time) {
	t.Helper()
	client, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: c.RegisterAddresses(), SecretKey: c.SecretKey, Logger: clustertest.Quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for {
		n, err := client.ClientCount(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d clients stay", n)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// guest is a client that knows its id.
type guest struct {
	*clustertest.Client
	id string
}

// greeted connects a client and reads the chat's greeting. A gateway without a
// worker drops clients; there is no event for its having one, so that it is
// tried until the deadline.
func greeted(g *clustertest.Gateway, deadline time.Time) (*guest, error) {
	for {
		c, err := g.TryDial("/")
		if err == nil {
			var text string
			if text, err = c.TryReceive(); err == nil {
				var welcome struct {
					ClientID string `json:"client_id"`
				}
				err = json.Unmarshal([]byte(text), &welcome)
				if err == nil && time.Until(deadline) > 0 && welcome.ClientID != "" {
					return &guest{c, welcome.ClientID}, nil
				}
			}
			c.Close()
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(errors.New("no greeting"), err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func runClientScript(t *testing.T, script string, c *clustertest.Cluster) {
	guests := map[string]*guest{}
	t.Cleanup(func() {
		for _, g := range guests {
			g.Close()
		}
	})
	named := func(ts *testscript.TestScript, neg bool, args []string, n int) *guest {
		if neg || len(args) != n || guests[args[0]] == nil {
			ts.Fatalf("want the name of a client, %d arguments", n)
		}
		return guests[args[0]]
	}
	testscript.Run(t, testscript.Params{
		Files: []string{script},
		Setup: func(e *testscript.Env) error {
			exitAtOnce(e)
			e.Setenv("GATEWAYWORKER_TIMEOUT", patience.String()) // for an answer
			e.Setenv("GATEWAYWORKER_REGISTER_ADDRESS", c.Registers[0].Addr)
			e.Setenv("GATEWAYWORKER_SECRET_KEY", c.SecretKey)
			for i := range c.Gateways {
				e.Setenv("GATEWAY"+strconv.Itoa(i), c.Gateways[i].InnerAddr)
				e.Setenv("REGISTER"+strconv.Itoa(i), c.Registers[i].Addr)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			// connect NAME GATEWAY connects a client to the gateway of that
			// number and sets the variable NAME to its id.
			"connect": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: connect NAME GATEWAY")
				}
				n, err := strconv.Atoi(args[1])
				ts.Check(err)
				g, err := greeted(c.Gateways[n], time.Now().Add(patience))
				ts.Check(err)
				guests[args[0]] = g
				ts.Setenv(args[0], g.id)
			},
			// receives NAME MESSAGE, or receives NAME -file=FILE, expects the
			// client's next message.
			"receives": func(ts *testscript.TestScript, neg bool, args []string) {
				got, err := named(ts, neg, args, 2).TryReceive()
				ts.Check(err)
				want := args[1]
				if file, ok := strings.CutPrefix(want, "-file="); ok {
					want = ts.ReadFile(file)
				}
				if got != want {
					ts.Fatalf("%s received %q, want %q", args[0], got, want)
				}
			},
			// frame FILE MESSAGE writes a short websocket frame to a file.
			"frame": func(ts *testscript.TestScript, neg bool, args []string) {
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), append([]byte{0x81, byte(len(args[1]))}, args[1]...), 0o644))
			},
			// closed NAME expects the end of the client's connection.
			"closed": func(ts *testscript.TestScript, neg bool, args []string) {
				if got, err := named(ts, neg, args, 1).TryReceive(); err == nil {
					ts.Fatalf("%s received %q, want the end", args[0], got)
				}
			},
			// killgateway GATEWAY ends the gateway of that number.
			"killgateway": func(ts *testscript.TestScript, neg bool, args []string) {
				n, err := strconv.Atoi(args[0])
				ts.Check(err)
				c.Gateways[n].Kill()
			},
			// killregister REGISTER ends the Register of that number.
			"killregister": func(ts *testscript.TestScript, neg bool, args []string) {
				n, err := strconv.Atoi(args[0])
				ts.Check(err)
				c.Registers[n].Kill()
			},
		},
	})
}

// exits runs a program and compares its exit code:
//
//	exits 3 gatewayworker client online ...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
