package main

import (
	"context"
	"net"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
	"github.com/go-gatewayworker/gatewayworker/register"
)

func TestMain(m *testing.M) {
	testscript.Main(checked{m}, programs)
}

// checked counts the runs against PHP, and finds goroutines that stay.
type checked struct{ m *testing.M }

func (c checked) Run() int {
	return clustertest.Main(c.m, testwait.Leaks)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("GATEWAYWORKER_CHAT", "false") // its port is no free one
			e.Setenv("GATEWAYWORKER_ADMIN_LISTEN", "off")
			e.Setenv("GATEWAYWORKER_STOP_TIMEOUT", patience.String()) // a stop in good order may take its time
			e.Setenv("GATEWAYWORKER_TIMEOUT", patience.String())      // and so may an answer
			exitAtOnce(e)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeport":  freePort,
			"announced": announced,
			"occupy":    occupy,
			"terminate": terminate,
			"exits":     exits,
			"page":      page,
			"ask":       ask,
			"welcomed":  welcomed,
			"overtime":  overtime,
		},
	})
}

// exitAtOnce spares each program the second that the race detector waits at the
// end of the process.
func exitAtOnce(e *testscript.Env) { e.Setenv("GORACE", "atexit_sleep_ms=0") }

// freePort sets each of the named variables to a port that is the script's until it
// ends:
//
//	freeport CLIENT INNER
func freePort(ts *testscript.TestScript, neg bool, names []string) {
	if neg {
		ts.Fatalf("freeport cannot fail")
	}
	for _, name := range names {
		port, release := clustertest.ReservePort()
		ts.Defer(release)
		ts.Setenv(name, strconv.Itoa(port))
	}
}

// occupy keeps a port in use until the script ends, and sets the variable to it:
//
//	occupy PORT
func occupy(ts *testscript.TestScript, neg bool, names []string) {
	if neg || len(names) != 1 {
		ts.Fatalf("usage: occupy PORT")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ln.Close() })
	_, port, err := net.SplitHostPort(ln.Addr().String())
	ts.Check(err)
	ts.Setenv(names[0], port)
}

// terminate sends SIGTERM to every command in the background: kill knows no
// SIGTERM.
func terminate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: terminate")
	}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

// announced waits until a Register's list has all the gateways:
//
//	announced -key=KEY 127.0.0.1:1236 127.0.0.1:2900 ...
//
// Without a gateway it waits for any list. With ! the Register must refuse.
func announced(ts *testscript.TestScript, neg bool, args []string) {
	key := ""
	if len(args) > 0 && len(args[0]) > 5 && args[0][:5] == "-key=" {
		key, args = args[0][5:], args[1:]
	}
	if len(args) == 0 {
		ts.Fatalf("usage: announced [-key=KEY] REGISTER [GATEWAY...]")
	}
	quiet := logrus.New()
	quiet.SetLevel(logrus.PanicLevel)
	opts := register.ClientOptions{
		RegisterAddresses: args[:1], SecretKey: key, Logger: quiet, ReconnectDelay: 20 * time.Millisecond,
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if neg {
		if list, err := register.Lookup(ctx, opts); err == nil {
			ts.Fatalf("the Register answered with %q", list)
		}
		return
	}
	var last []string
	complete := false
	w, err := register.NewWatcher(func(list []string) {
		last = list
		complete = !slices.ContainsFunc(args[1:], func(a string) bool { return !slices.Contains(list, a) })
		if complete {
			cancel()
		}
	}, opts)
	ts.Check(err)
	_ = w.Run(ctx)
	if !complete {
		ts.Fatalf("the Register's list is %q", last)
	}
}

// programs are those that tests start, by their names.
var programs = map[string]func(){"gatewayworker": main}
