package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

func serializedFlag(usage string) cli.Flag {
	return &cli.BoolFlag{Name: "serialized", Usage: usage}
}

func sessionsOperation() operation {
	return operation{
		name: "sessions", category: categorySession, usage: "the sessions of all clients, or of those in a group",
		flags: []cli.Flag{groupFlag("only the members of this `GROUP`")},
		run: func(ctx context.Context, c *call) (err error) {
			var sessions []gatewayclient.ClientSession
			if c.cli.IsSet("group") {
				sessions, err = c.ClientSessionsByGroup(ctx, c.cli.String("group"))
			} else {
				sessions, err = c.AllClientSessions(ctx)
			}
			infos := make([]gatewayclient.ClientInfo, len(sessions))
			for i, s := range sessions {
				infos[i] = gatewayclient.ClientInfo{ClientID: s.ClientID, Session: s.Session}
			}
			answer, t := describeClients(infos, []gatewayclient.Field{gatewayclient.FieldSession})
			return c.show(err, answer, t)
		},
	}
}

func sessionCommand() *cli.Command {
	change := func(name, usage string, do func(context.Context, *call, gatewayclient.ClientID, gatewayclient.SessionData) error) *cli.Command {
		return operation{
			name: name, usage: usage, args: "CLIENT_ID JSON|-", min: 2, max: 2,
			flags: []cli.Flag{serializedFlag("the session is PHP serialize() output, not JSON")},
			run: func(ctx context.Context, c *call) error {
				session, err := c.readSession(c.args[1])
				if err != nil {
					return err
				}
				return c.about(ctx, c.args[0], func(id gatewayclient.ClientID) error { return do(ctx, c, id, session) })
			},
		}.command()
	}
	return &cli.Command{
		Name: "session", Category: categorySession, Usage: "get, set or update the session of one client",
		HideHelpCommand: true, Action: noSubcommand,
		Subcommands: []*cli.Command{
			operation{
				name: "get", usage: "print a client's session as JSON", args: "CLIENT_ID", min: 1, max: 1,
				flags: []cli.Flag{serializedFlag("print it as the gateway has it, PHP serialize() output")},
				run:   getSession,
			}.command(),
			change("set", "replace a client's session by a JSON object", func(ctx context.Context, c *call, id gatewayclient.ClientID, s gatewayclient.SessionData) error {
				return c.SetSession(ctx, id, s)
			}),
			change("update", "merge a JSON object into a client's session, key by key", func(ctx context.Context, c *call, id gatewayclient.ClientID, s gatewayclient.SessionData) error {
				return c.UpdateSession(ctx, id, s)
			}),
		},
	}
}

func getSession(ctx context.Context, c *call) error {
	id, err := clientID(c.args[0])
	if err != nil {
		return err
	}
	session, err := c.Session(ctx, id)
	if errors.Is(err, gatewayclient.ErrClientOffline) {
		return clientOffline(id)
	}
	if err != nil {
		return single(err)
	}
	if c.cli.Bool("serialized") {
		_, err := c.w.Write(append(session, '\n'))
		return err
	}
	j := toSessionJSON(session)
	if c.json {
		return c.printJSON(clientJSON{ClientID: id.String(), Session: j.Session, Base64: j.Base64})
	}
	if j.Base64 != "" {
		return fmt.Errorf("client %s: its session does not fit JSON; see --serialized", id)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, j.Session, "", "  "); err != nil {
		return err
	}
	text.WriteByte('\n')
	_, err = c.w.Write(text.Bytes())
	return err
}

// readSession reads a session from an argument, or from stdin for "-".
func (c *call) readSession(arg string) (gatewayclient.SessionData, error) {
	text, err := readMessage(c.cli, arg)
	if err != nil {
		return nil, err
	}
	if c.cli.Bool("serialized") {
		session := gatewayclient.SessionData(bytes.TrimSuffix(text, []byte("\n")))
		if _, err := session.Array(); err != nil || len(session) == 0 {
			return nil, usageFault("the session is not a serialized array")
		}
		return session, nil
	}
	v, err := phpjson.Decode(text)
	if err != nil {
		return nil, usageFault(fmt.Sprintf("the session is not JSON: %v", err))
	}
	if _, ok := v.(*phpserialize.Array); !ok {
		return nil, usageFault("the session is not a JSON object")
	}
	return gatewayclient.EncodeSession(v)
}
