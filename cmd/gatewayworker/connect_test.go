package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/connect"
)

// welcomed waits until a gateway's clients are welcomed by the chat's worker:
//
//	welcomed ADDRESS
func welcomed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: welcomed ADDRESS")
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var out bytes.Buffer
		err := connect.Run(context.Background(), connect.Options{
			Address: args[0], Expect: []*regexp.Regexp{regexp.MustCompile("welcome")}, Timeout: 30 * time.Second,
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
