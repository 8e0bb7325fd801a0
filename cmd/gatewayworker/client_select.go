package main

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

type clientJSON struct {
	ClientID string          `json:"client_id"`
	UID      *string         `json:"uid,omitempty"`
	Groups   *[]string       `json:"groups,omitempty"`
	Session  json.RawMessage `json:"session,omitempty"`
	Base64   string          `json:"session_base64,omitempty"`
}

func selectOperations() []operation {
	return []operation{{
		name: "select", category: categoryAsk, usage: "what gateways know of clients: all of them, or those that any of the flags names",
		flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "field", Aliases: []string{"f"}, Usage: "`FIELD` to tell: uid, groups or session; repeat it for several (default: all three)"},
			&cli.StringSliceFlag{Name: "group", Aliases: []string{"g"}, Usage: "the members of this `GROUP`"},
			&cli.StringSliceFlag{Name: "uid", Aliases: []string{"u"}, Usage: "the clients bound to this `UID`"},
			&cli.StringSliceFlag{Name: "client", Aliases: []string{"c"}, Usage: "the client with this `CLIENT_ID`"},
		},
		run: selectClients,
	}}
}

func selectClients(ctx context.Context, c *call) error {
	ids, err := clientIDs(c.cli.StringSlice("client"))
	if err != nil {
		return err
	}
	q := gatewayclient.Query{Groups: c.cli.StringSlice("group"), UIDs: c.cli.StringSlice("uid"), ClientIDs: ids}
	for _, name := range c.cli.StringSlice("field") {
		field := gatewayclient.Field(name)
		if !slices.Contains(allFields, field) {
			return usageFault((&flagError{"field", name, "want uid, groups or session"}).Error())
		}
		q.Fields = append(q.Fields, field)
	}
	infos, err := c.Select(ctx, q)
	answer, t := describeClients(infos, q.Fields)
	return c.show(err, answer, t)
}

var allFields = []gatewayclient.Field{gatewayclient.FieldUID, gatewayclient.FieldGroups, gatewayclient.FieldSession}

func describeClients(infos []gatewayclient.ClientInfo, fields []gatewayclient.Field) ([]clientJSON, table) {
	if len(fields) == 0 {
		fields = allFields
	}
	asked := func(f gatewayclient.Field) bool { return slices.Contains(fields, f) }
	answer, t := []clientJSON{}, table{head: []string{"CLIENT"}}
	for _, column := range []struct {
		field gatewayclient.Field
		head  string
	}{{gatewayclient.FieldUID, "UID"}, {gatewayclient.FieldGroups, "GROUPS"}, {gatewayclient.FieldSession, "SESSION"}} {
		if asked(column.field) {
			t.head = append(t.head, column.head)
		}
	}
	for _, info := range infos {
		j, row := clientJSON{ClientID: info.ClientID.String()}, []string{info.ClientID.String()}
		if asked(gatewayclient.FieldUID) {
			j.UID = &info.UID
			row = append(row, plainIfAny(info.UID))
		}
		if asked(gatewayclient.FieldGroups) {
			groups := orEmpty(info.Groups)
			j.Groups = &groups
			row = append(row, plainList(groups))
		}
		if asked(gatewayclient.FieldSession) {
			s := toSessionJSON(info.Session)
			j.Session, j.Base64 = s.Session, s.Base64
			row = append(row, sessionText(info.Session))
		}
		answer, t.rows = append(answer, j), append(t.rows, row)
	}
	return answer, t
}
