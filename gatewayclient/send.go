package gatewayclient

import (
	"context"
	"errors"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A SendOption changes how a message is sent.
type SendOption func(*sendOptions)

type sendOptions struct {
	flag    gatewayprotocol.Flag
	exclude []ClientID
	hasPHP  bool // php is the message
	php     any
}

// Raw puts the message on the clients' sockets as it is, without the client
// protocol's framing: PHP's $raw = true.
func Raw() SendOption { return raw }

// Serialized says that the message is serialize() output
// ([phpserialize.Marshal]), as PHP's libraries send an array: a websocket
// gateway sends it to its clients as JSON. See [PHP] for a Go value.
func Serialized() SendOption { return serialized }

// PHP makes v the message, serialized as PHP's libraries do with an array: a
// websocket gateway sends it to its clients as JSON. The message argument must
// be nil. See [EncodeValue] for how v becomes a PHP value; what does not is an
// [*EncodeError] of the call.
func PHP(v any) SendOption {
	return func(o *sendOptions) {
		o.flag &^= gatewayprotocol.FlagBodyIsScalar
		o.hasPHP, o.php = true, v
	}
}

// Exclude leaves out some clients: PHP's $exclude_client_id. It applies to
// SendToAll, SendToClients, SendToGroup and SendToGroups.
func Exclude(ids ...ClientID) SendOption {
	return func(o *sendOptions) { o.exclude = append(o.exclude, ids...) }
}

var (
	raw        SendOption = func(o *sendOptions) { o.flag |= gatewayprotocol.FlagNotCallEncode }
	serialized SendOption = func(o *sendOptions) { o.flag &^= gatewayprotocol.FlagBodyIsScalar }
)

var errTwoMessages = errors.New("gatewayclient: both a message and PHP(v): pass nil as the message")

// message returns the frame of a message, but for what says to whom it goes.
func message(cmd gatewayprotocol.Command, body []byte, opts []SendOption) (gatewayprotocol.Message, sendOptions, error) {
	o := sendOptions{flag: gatewayprotocol.FlagBodyIsScalar}
	var err error
	if len(opts) > 0 {
		o, body, err = applyOptions(o, body, opts)
	}
	return gatewayprotocol.Message{Cmd: cmd, Flag: o.flag, Body: body}, o, err
}

func applyOptions(o sendOptions, body []byte, opts []SendOption) (sendOptions, []byte, error) {
	for _, opt := range opts {
		opt(&o)
	}
	if !o.hasPHP {
		return o, body, nil
	}
	if body != nil {
		return o, nil, errTwoMessages
	}
	v, err := EncodeValue(o.php)
	if err == nil {
		body, err = phpserialize.Marshal(v)
	}
	return o, body, err
}

// SendToAll sends a message to all clients of all gateways
// (Gateway::sendToAll without $client_id_array).
func (c *Client) SendToAll(ctx context.Context, msg []byte, opts ...SendOption) error {
	m, o, err := message(gatewayprotocol.CmdSendToAll, msg, opts)
	if err != nil {
		return err
	}
	if len(o.exclude) == 0 {
		return c.broadcast(ctx, m, nil)
	}
	exclude := byGateway(o.exclude)
	return c.broadcast(ctx, m, func(addr GatewayAddress, m *gatewayprotocol.Message) {
		m.ExtData = gatewayprotocol.AppendExcludeExt(nil, exclude.of(addr))
	})
}

// SendToClients sends a message to some clients (Gateway::sendToAll with
// $client_id_array), with one frame for each gateway that holds any of them. A
// client named twice gets the message once.
func (c *Client) SendToClients(ctx context.Context, ids []ClientID, msg []byte, opts ...SendOption) error {
	m, o, err := message(gatewayprotocol.CmdSendToAll, msg, opts)
	if err != nil {
		return err
	}
	if len(o.exclude) > 0 {
		ids = without(ids, o.exclude)
	}
	groups := byGateway(ids)
	return errors.Join(c.sendEach(ctx, groups.addrs, func(addr GatewayAddress) gatewayprotocol.Message {
		m := m
		m.ExtData = gatewayprotocol.AppendConnectionsExt(nil, groups.of(addr))
		return m
	})...)
}

// SendToClient sends a message to one client (Gateway::sendToClient).
func (c *Client) SendToClient(ctx context.Context, id ClientID, msg []byte, opts ...SendOption) error {
	m, _, err := message(gatewayprotocol.CmdSendToOne, msg, opts)
	if err != nil {
		return err
	}
	m.ConnectionID = id.ConnectionID
	return c.send(ctx, id.Gateway(), m)
}

// SendToUID sends a message to all clients bound to the uid
// (Gateway::sendToUid).
func (c *Client) SendToUID(ctx context.Context, uid string, msg []byte, opts ...SendOption) error {
	return c.SendToUIDs(ctx, []string{uid}, msg, opts...)
}

// SendToUIDs sends a message to all clients bound to any of the uids. A uid
// named twice gets it twice, as in PHP.
func (c *Client) SendToUIDs(ctx context.Context, uids []string, msg []byte, opts ...SendOption) error {
	if err := checkNames(uids...); err != nil {
		return err
	}
	m, _, err := message(gatewayprotocol.CmdSendToUID, msg, opts)
	if err != nil {
		return err
	}
	if m.ExtData, err = gatewayprotocol.AppendNamesExt(nil, uids); err != nil {
		return err
	}
	return c.broadcast(ctx, m, nil)
}

// SendToGroup sends a message to all members of the group
// (Gateway::sendToGroup).
func (c *Client) SendToGroup(ctx context.Context, group string, msg []byte, opts ...SendOption) error {
	return c.SendToGroups(ctx, []string{group}, msg, opts...)
}

// SendToGroups sends a message to all members of the groups; a client in two of
// them gets it twice, as in PHP.
func (c *Client) SendToGroups(ctx context.Context, groups []string, msg []byte, opts ...SendOption) error {
	if len(groups) == 0 {
		return ErrEmptyName
	}
	if err := checkNames(groups...); err != nil {
		return err
	}
	m, o, err := message(gatewayprotocol.CmdSendToGroup, msg, opts)
	if err != nil {
		return err
	}
	ext, err := gatewayprotocol.AppendGroupsExt(nil, groups, nil)
	if err != nil {
		return err
	}
	m.ExtData = ext
	if len(o.exclude) == 0 {
		return c.broadcast(ctx, m, nil)
	}
	exclude := byGateway(o.exclude)
	return c.broadcast(ctx, m, func(addr GatewayAddress, m *gatewayprotocol.Message) {
		if ids := exclude.of(addr); len(ids) > 0 {
			m.ExtData, _ = gatewayprotocol.AppendGroupsExt(nil, groups, ids) // the names were good before
		}
	})
}

// perGateway holds client ids by the gateway that they are of.
type perGateway struct {
	addrs []GatewayAddress // in order of first appearance
	ids   map[GatewayAddress][]uint32
}

func byGateway(ids []ClientID) perGateway {
	p := perGateway{ids: make(map[GatewayAddress][]uint32)}
	for _, id := range ids {
		addr := id.Gateway()
		list, ok := p.ids[addr]
		if !ok {
			p.addrs = append(p.addrs, addr)
		}
		p.ids[addr] = append(list, id.ConnectionID)
	}
	return p
}

func (p perGateway) of(addr GatewayAddress) []uint32 { return p.ids[addr] }

func without(ids, exclude []ClientID) []ClientID {
	out := make(map[ClientID]bool, len(exclude))
	for _, id := range exclude {
		out[id] = true
	}
	kept := make([]ClientID, 0, len(ids))
	for _, id := range ids {
		if !out[id] {
			kept = append(kept, id)
		}
	}
	return kept
}
