package main

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

func groupFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "group", Aliases: []string{"g"}, Usage: usage}
}

func listOperations() []operation {
	return []operation{
		{
			name: "clients", category: categoryAsk, usage: "all clients, or those of a group",
			flags: []cli.Flag{groupFlag("only the members of this `GROUP`")},
			run: func(ctx context.Context, c *call) (err error) {
				var ids []gatewayclient.ClientID
				if c.cli.IsSet("group") {
					ids, err = c.ClientIDsByGroup(ctx, c.cli.String("group"))
				} else {
					ids, err = c.AllClientIDs(ctx)
				}
				return c.show(err, texts(ids), list(ids, gatewayclient.ClientID.String))
			},
		},
		{
			name: "uids", category: categoryAsk, usage: "all uids, or those of a group's members",
			flags: []cli.Flag{groupFlag("only those of this `GROUP`")},
			run: func(ctx context.Context, c *call) (err error) {
				var uids []string
				if c.cli.IsSet("group") {
					uids, err = c.UIDsByGroup(ctx, c.cli.String("group"))
				} else {
					uids, err = c.AllUIDs(ctx)
				}
				return c.show(err, orEmpty(uids), list(uids, plain))
			},
		},
		{
			name: "groups", category: categoryAsk, usage: "all groups",
			flags: []cli.Flag{
				&cli.BoolFlag{Name: "count", Usage: "with the number of clients and uids of each"},
				&cli.BoolFlag{Name: "members", Usage: "with the client ids of each"},
				&cli.BoolFlag{Name: "uids", Usage: "with the uids of each; groups without are left out"},
			},
			run: groups,
		},
		{
			name: "client-count", category: categoryAsk, usage: "the number of all clients, or of those in each of some groups",
			args: "[GROUP...]", max: -1,
			run: func(ctx context.Context, c *call) error {
				if len(c.args) == 0 {
					n, err := c.ClientCount(ctx)
					return c.show(err, n, number(n))
				}
				counts, err := c.ClientCountsByGroups(ctx, c.args)
				return c.showCounts(err, "CLIENTS", counts)
			},
		},
		{
			name: "uid-count", category: categoryAsk, usage: "the number of all uids, or of those in each of some groups",
			args: "[GROUP...]", max: -1,
			run: func(ctx context.Context, c *call) error {
				if len(c.args) == 0 {
					n, err := c.UIDCount(ctx)
					return c.show(err, n, number(n))
				}
				var counts []gatewayclient.GroupCount
				var first error
				for _, group := range c.args {
					n, err := c.UIDCountByGroup(ctx, group)
					if err != nil && !isPartial(err, c.gateways) {
						return err
					}
					if first == nil {
						first = err
					}
					counts = append(counts, gatewayclient.GroupCount{Group: group, Count: n})
				}
				return c.showCounts(first, "UIDS", counts)
			},
		},
		{
			name: "ping", category: categoryAsk, usage: "how long each gateway takes to answer",
			run: func(ctx context.Context, c *call) error {
				times, err := c.Ping(ctx)
				type gatewayJSON struct {
					Gateway      string  `json:"gateway"`
					Milliseconds float64 `json:"ms"`
				}
				answer, t := []gatewayJSON{}, table{head: []string{"GATEWAY", "TIME"}}
				for _, g := range times {
					answer = append(answer, gatewayJSON{g.Gateway.String(), milliseconds(g.RTT)})
					t.rows = append(t.rows, []string{g.Gateway.String(), shortDuration(g.RTT)})
				}
				return c.show(err, answer, t)
			},
		},
	}
}

func number(n int) table { return table{rows: [][]string{{strconv.Itoa(n)}}} }

func (c *call) showCounts(err error, what string, counts []gatewayclient.GroupCount) error {
	type countJSON struct {
		Group string `json:"group"`
		Count int    `json:"count"`
	}
	answer, t := []countJSON{}, table{head: []string{"GROUP", what}}
	for _, g := range counts {
		answer = append(answer, countJSON{g.Group, g.Count})
		t.rows = append(t.rows, []string{plain(g.Group), strconv.Itoa(g.Count)})
	}
	return c.show(err, answer, t)
}

func groups(ctx context.Context, c *call) error {
	count, members, uids := c.cli.Bool("count"), c.cli.Bool("members"), c.cli.Bool("uids")
	switch {
	case count && members, count && uids, members && uids:
		return usageFault("groups: --count, --members and --uids exclude each other")
	case count:
		return groupCounts(ctx, c)
	case members:
		list, err := c.GroupClientIDs(ctx)
		answer, t := []groupClientsJSON{}, table{head: []string{"GROUP", "CLIENT"}}
		for _, g := range list {
			answer = append(answer, groupClientsJSON{g.Group, texts(g.ClientIDs)})
			for _, id := range g.ClientIDs {
				t.rows = append(t.rows, []string{plain(g.Group), id.String()})
			}
		}
		return c.show(err, answer, t)
	case uids:
		list, err := c.GroupUIDs(ctx)
		answer, t := []groupUIDsJSON{}, table{head: []string{"GROUP", "UID"}}
		for _, g := range list {
			answer = append(answer, groupUIDsJSON{g.Group, g.UIDs})
			for _, uid := range g.UIDs {
				t.rows = append(t.rows, []string{plain(g.Group), plain(uid)})
			}
		}
		return c.show(err, answer, t)
	}
	names, err := c.AllGroups(ctx)
	return c.show(err, orEmpty(names), list(names, plain))
}

type groupClientsJSON struct {
	Group     string   `json:"group"`
	ClientIDs []string `json:"client_ids"`
}

type groupUIDsJSON struct {
	Group string   `json:"group"`
	UIDs  []string `json:"uids"`
}

type groupCountJSON struct {
	Group   string `json:"group"`
	Clients int    `json:"clients"`
	UIDs    int    `json:"uids"`
}

func groupCounts(ctx context.Context, c *call) error {
	clients, err := c.GroupClientCounts(ctx)
	if err != nil && !isPartial(err, c.gateways) {
		return err
	}
	byUID, uerr := c.GroupUIDCounts(ctx)
	if uerr != nil && !isPartial(uerr, c.gateways) {
		return uerr
	}
	if err == nil {
		err = uerr
	}
	uids := map[string]int{}
	for _, g := range byUID {
		uids[g.Group] = g.Count
	}
	answer, t := []groupCountJSON{}, table{head: []string{"GROUP", "CLIENTS", "UIDS"}}
	for _, g := range clients {
		answer = append(answer, groupCountJSON{g.Group, g.Count, uids[g.Group]})
		t.rows = append(t.rows, []string{plain(g.Group), strconv.Itoa(g.Count), strconv.Itoa(uids[g.Group])})
	}
	return c.show(err, answer, t)
}
