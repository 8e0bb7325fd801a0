package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// page expects a text in the chat's page:
//
//	page 127.0.0.1:8080 TEXT
func page(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: page ADDRESS TEXT")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + args[0] + "/")
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if !strings.Contains(string(body), args[1]) {
		ts.Fatalf("the page does not have %s", args[1])
	}
}

// The chat is on where no worker of the user can miss clients, and where it is asked for.
func TestChatWanted(t *testing.T) {
	for args, want := range map[string]bool{
		"":                                    true,
		"--lan-ip 127.0.0.2":                  true,
		"--register-listen text://[::1]:1236": true,
		"--lan-ip 10.0.0.1":                   false,
		"--register-listen text://0.0.0.0:1":  false,
		"--register-address 127.0.0.1:1236":   false,
		"--listen text://0.0.0.0:8282":        false,
		"--chat=false":                        false,
		"--chat-listen=":                      false,
		"--chat --chat-listen=":               false,
		"--chat=false --chat-listen :8080":    false,
		"--chat --lan-ip 10.0.0.1":            true,
		"--chat-listen :8080 --register-address 10.0.0.1:1236": true,
	} {
		got, err := parse(t, startCommand().Flags, func(c *cli.Context) (bool, error) {
			return chatWanted(c, gateway.Options{Listen: c.String("listen"), LanIP: c.String("lan-ip"), RegisterAddresses: c.StringSlice("register-address")})
		}, strings.Fields(args)...)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", args, got, err, want)
		}
	}
}
