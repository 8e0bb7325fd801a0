package main

import (
	"context"
	"errors"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

type clientOnlineJSON struct {
	ClientID string `json:"client_id"`
	Online   bool   `json:"online"`
}

type uidOnlineJSON struct {
	UID    string `json:"uid"`
	Online bool   `json:"online"`
}

type uidClientsJSON struct {
	UID       string   `json:"uid"`
	ClientIDs []string `json:"client_ids"`
}

type clientUIDJSON struct {
	ClientID string  `json:"client_id"`
	UID      *string `json:"uid"` // null without one
}

func uidOperations() []operation {
	return []operation{
		{name: "online", category: categoryAsk, usage: "whether clients are connected; exit code 3 unless all are", args: "CLIENT_ID...", min: 1, max: -1, run: clientsOnline},
		{name: "uid-online", category: categoryAsk, usage: "whether any client is bound to uids; exit code 3 unless to all", args: "UID...", min: 1, max: -1, run: uidsOnline},
		{name: "uid-of-client", category: categoryAsk, usage: "the uid of a client; exit code 3 if it has none", args: "CLIENT_ID", min: 1, max: 1, run: uidOfClient},
		{name: "clients-of-uid", category: categoryAsk, usage: "the clients bound to uids; exit code 3 if there are none", args: "UID...", min: 1, max: -1, run: clientsOfUIDs},
	}
}

func onlineText(online bool) string {
	if online {
		return "online"
	}
	return "offline"
}

func clientsOnline(ctx context.Context, c *call) error {
	ids, err := clientIDs(c.args)
	if err != nil {
		return err
	}
	answer, t := []clientOnlineJSON{}, table{head: []string{"CLIENT", "STATE"}}
	var missing []string
	var errs []error
	for _, id := range ids {
		online, err := c.IsOnline(ctx, id)
		if err != nil { // its gateway's answer is all there is to know
			errs = append(errs, err)
			continue
		}
		if !online {
			missing = append(missing, id.String())
		}
		answer = append(answer, clientOnlineJSON{id.String(), online})
		t.rows = append(t.rows, []string{id.String(), onlineText(online)})
	}
	if err := errors.Join(errs...); len(answer) == 0 {
		return single(err)
	} else if err := c.show(err, answer, t); err != nil {
		return err
	}
	return notOnline("client", missing)
}

func uidsOnline(ctx context.Context, c *call) error {
	list, err := c.UIDsOnline(ctx, c.args)
	answer, t := []uidOnlineJSON{}, table{head: []string{"UID", "STATE"}}
	var missing []string
	for _, u := range list {
		if !u.Online {
			missing = append(missing, u.UID)
		}
		answer = append(answer, uidOnlineJSON{u.UID, u.Online})
		t.rows = append(t.rows, []string{plain(u.UID), onlineText(u.Online)})
	}
	if err := c.show(err, answer, t); err != nil {
		return err
	}
	return notOnline("uid", missing)
}

func uidOfClient(ctx context.Context, c *call) error {
	id, err := clientID(c.args[0])
	if err != nil {
		return err
	}
	uid, err := c.UIDByClientID(ctx, id)
	if errors.Is(err, gatewayclient.ErrClientOffline) || errors.Is(err, gatewayclient.ErrUnknownGateway) {
		return clientOffline(id)
	}
	if err != nil {
		return single(err)
	}
	answer, t := clientUIDJSON{ClientID: id.String()}, table{}
	if uid != "" {
		answer.UID, t.rows = &uid, [][]string{{plain(uid)}}
	}
	if err := c.show(nil, answer, t); err != nil {
		return err
	}
	if uid == "" {
		return offline("client " + id.String() + " has no uid")
	}
	return nil
}

func clientsOfUIDs(ctx context.Context, c *call) error {
	bound, err := c.ClientIDsByUIDs(ctx, c.args)
	answer, t := []uidClientsJSON{}, table{head: []string{"UID", "CLIENT"}}
	var missing []string
	for _, u := range bound {
		if len(u.ClientIDs) == 0 {
			missing = append(missing, u.UID)
		}
		answer = append(answer, uidClientsJSON{u.UID, texts(u.ClientIDs)})
		for _, id := range u.ClientIDs {
			t.rows = append(t.rows, []string{plain(u.UID), id.String()})
		}
	}
	if len(bound) == 1 {
		t = list(bound[0].ClientIDs, gatewayclient.ClientID.String)
	}
	if err := c.show(err, answer, t); err != nil {
		return err
	}
	return notOnline("uid", missing)
}
