package gatewayclient

import (
	"context"
	"errors"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// IsOnline reports whether a client is connected (Gateway::isOnline). A client
// of a gateway that is not in the cluster is not.
func (c *Client) IsOnline(ctx context.Context, id ClientID) (bool, error) {
	a, err := c.query(ctx, id.Gateway(), command(gatewayprotocol.CmdIsOnline, id, nil))
	if errors.Is(err, ErrUnknownGateway) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	v, err := a.value("0 or 1")
	if err != nil {
		return false, &GatewayError{Gateway: a.gateway, Cmd: gatewayprotocol.CmdIsOnline, Err: err}
	}
	return phpserialize.IsTruthy(v), nil
}

// IsUIDOnline reports whether any client is bound to the uid
// (Gateway::isUidOnline).
func (c *Client) IsUIDOnline(ctx context.Context, uid string) (bool, error) {
	ids, err := c.ClientIDsByUID(ctx, uid)
	return len(ids) > 0, err
}

// UIDOnline says whether any client is bound to a uid.
type UIDOnline struct {
	UID    string
	Online bool
}

// UIDsOnline reports for each of the uids, in the order of the argument,
// whether any client is bound to it (Gateway::isUidsOnline).
func (c *Client) UIDsOnline(ctx context.Context, uids []string) ([]UIDOnline, error) {
	bound, err := c.ClientIDsByUIDs(ctx, uids)
	out := make([]UIDOnline, len(bound))
	for i, b := range bound {
		out[i] = UIDOnline{UID: b.UID, Online: len(b.ClientIDs) > 0}
	}
	return out, err
}

// AllClientIDs returns all clients, gateway by gateway in order of connect
// (Gateway::getAllClientIdList).
func (c *Client) AllClientIDs(ctx context.Context) ([]ClientID, error) {
	infos, err := c.Select(ctx, Query{Fields: []Field{FieldUID}})
	return idsOf(infos), err
}

// ClientCount returns the number of clients (Gateway::getAllClientIdCount).
func (c *Client) ClientCount(ctx context.Context) (int, error) {
	return c.count(ctx, nil)
}

// count asks for the members of a group, or for all clients.
func (c *Client) count(ctx context.Context, ext []byte) (int, error) {
	total := 0
	m := command(gatewayprotocol.CmdGetClientCountByGroup, ClientID{}, ext)
	err := c.queryAll(ctx, m, func(a answer) error {
		n, err := a.int("a count")
		total += n
		return err
	})
	return total, err
}

func idsOf(infos []ClientInfo) []ClientID {
	out := make([]ClientID, len(infos))
	for i := range infos {
		out[i] = infos[i].ClientID
	}
	return out
}
