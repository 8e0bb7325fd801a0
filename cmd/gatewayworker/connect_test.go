package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/connect"
)

// overtime has connect expect a text that does not come, until its time is over:
//
//	overtime ADDRESS TEXT
//
// Where the time is over before there is a connection, another try has more of it.
func overtime(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: overtime ADDRESS TEXT")
	}
	for limit := 200 * time.Millisecond; ; limit *= 2 {
		err := ts.Exec("gatewayworker", "connect", args[0], "--expect", args[1], "--timeout", limit.String())
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("it ends with %v", err)
		}
		said := ts.ReadFile("stderr")
		if exit.ExitCode() == exitFailure && strings.Contains(said, "cannot connect") && limit < patience {
			continue
		}
		want := fmt.Sprintf("gatewayworker: not all that was expected came: %v were over before a message that matches %q\n", limit, args[1])
		if exit.ExitCode() != exitUnexpected || !strings.HasSuffix(said, want) {
			ts.Fatalf("exit code %d, want %d; it says %q, want %q", exit.ExitCode(), exitUnexpected, said, want)
		}
		return
	}
}

// welcomed waits until a gateway's clients are welcomed by the chat's worker:
//
//	welcomed ADDRESS
func welcomed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: welcomed ADDRESS")
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var out bytes.Buffer
		err := connect.Run(context.Background(), connect.Options{
			Address: args[0], Expect: []*regexp.Regexp{regexp.MustCompile("welcome")}, Timeout: patience,
			Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out,
		})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("no welcome: %v", err)
		}
	}
}
