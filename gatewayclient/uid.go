package gatewayclient

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// BindUID binds a client to a uid, in place of the one it is bound to
// (Gateway::bindUid). Several clients may be bound to one uid.
func (c *Client) BindUID(ctx context.Context, id ClientID, uid string) error {
	if err := checkNames(uid); err != nil {
		return err
	}
	return c.sendTo(ctx, id, gatewayprotocol.CmdBindUID, []byte(uid))
}

// UnbindUID unbinds a client from its uid (Gateway::unbindUid). PHP's method
// takes the uid besides, which gateways ignore.
func (c *Client) UnbindUID(ctx context.Context, id ClientID) error {
	return c.sendTo(ctx, id, gatewayprotocol.CmdUnbindUID, nil)
}

// ClientIDsByUID returns the clients bound to a uid, in order of binding
// (Gateway::getClientIdByUid).
func (c *Client) ClientIDsByUID(ctx context.Context, uid string) ([]ClientID, error) {
	if err := checkNames(uid); err != nil {
		return nil, err
	}
	var out []ClientID
	m := command(gatewayprotocol.CmdGetClientIDByUID, ClientID{}, []byte(uid))
	err := c.queryAll(ctx, m, func(a answer) error {
		v, err := a.array("a list of connection ids")
		if err != nil {
			return err
		}
		out, err = appendIDs(out, &a, v)
		return err
	})
	return out, err
}

// UIDClients are the clients bound to a uid.
type UIDClients struct {
	UID       string
	ClientIDs []ClientID
}

// ClientIDsByUIDs returns the clients of each of the uids
// (Gateway::batchGetClientIdByUid): an element for every uid, once, in the
// order of the argument, without ClientIDs if no client is bound to it.
func (c *Client) ClientIDsByUIDs(ctx context.Context, uids []string) ([]UIDClients, error) {
	if err := checkNames(uids...); err != nil {
		return nil, err
	}
	ext, err := gatewayprotocol.AppendNamesExt(nil, uids)
	if err != nil {
		return nil, err
	}
	out := newGrouped[ClientID]()
	for _, uid := range uids {
		out.at(phpserialize.StringKey(uid))
	}
	m := command(gatewayprotocol.CmdBatchGetClientIDByUID, ClientID{}, ext)
	err = c.queryAll(ctx, m, func(a answer) error {
		v, err := a.array("a map of uid to connection ids")
		if err != nil {
			return err
		}
		for uid, list := range v.All() {
			ids, ok := phpserialize.Deref(list).(*phpserialize.Array)
			if !ok {
				return badReply("a list of connection ids", list)
			}
			at := out.at(uid)
			if *at, err = appendIDs(*at, &a, ids); err != nil {
				return err
			}
		}
		return nil
	})
	res := make([]UIDClients, len(out.keys))
	for i, k := range out.keys {
		res[i] = UIDClients{UID: k.String(), ClientIDs: *out.vals[i]}
	}
	return res, err
}

// UIDByClientID returns the uid that a client is bound to
// (Gateway::getUidByClientId). It is "" for a client without one. A client that
// is not online is an [ErrClientOffline].
func (c *Client) UIDByClientID(ctx context.Context, id ClientID) (string, error) {
	infos, err := c.SelectClients(ctx, []ClientID{id}, FieldUID)
	if err != nil {
		return "", err
	}
	if len(infos) == 0 {
		return "", ErrClientOffline
	}
	return infos[0].UID, nil
}

// AllUIDs returns all uids, each once, in order of the clients' connects
// (Gateway::getAllUidList).
func (c *Client) AllUIDs(ctx context.Context) ([]string, error) {
	infos, err := c.Select(ctx, Query{Fields: []Field{FieldUID}})
	return uidsOf(infos), err
}

// UIDCount returns the number of uids (Gateway::getAllUidCount).
func (c *Client) UIDCount(ctx context.Context) (int, error) {
	uids, err := c.AllUIDs(ctx)
	return len(uids), err
}

// uidsOf returns the uids of the clients, each once.
func uidsOf(infos []ClientInfo) []string {
	seen := make(map[string]struct{}, len(infos))
	var out []string
	for i := range infos {
		uid := infos[i].UID
		if _, ok := seen[uid]; ok || emptyName(uid) {
			continue
		}
		seen[uid] = struct{}{}
		out = append(out, uid)
	}
	return out
}
