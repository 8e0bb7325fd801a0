package businessworker

import (
	"context"
	"net/netip"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// ClientID names one client connection in the cluster.
type ClientID = gatewayprotocol.ClientID

// An Event is something that happened to a client, and the way to answer it:
// what PHP has in $_SERVER, $_SESSION and the …CurrentClient methods. It is
// made for one call of a handler. It may be kept, but its session is written
// back when the handler returns and never again.
type Event struct {
	conn    *gatewayConn // on which it came
	msg     gatewayprotocol.Message
	session Session
	next    *Event // in the client's queue
}

// ClientID returns the id of the client ($_SERVER['GATEWAY_CLIENT_ID']).
func (e *Event) ClientID() ClientID { return e.msg.ClientID() }

// size is the length of the event's frame.
func (e *Event) size() int { return gatewayprotocol.HeadLen + len(e.msg.ExtData) + len(e.msg.Body) }

// detach returns the event with memory of its own.
func (e *Event) detach() *Event {
	own := &Event{conn: e.conn, msg: e.msg}
	bytes := append(append(make([]byte, 0, len(e.msg.ExtData)+len(e.msg.Body)), e.msg.ExtData...), e.msg.Body...)
	own.msg.ExtData, own.msg.Body = bytes[:len(e.msg.ExtData):len(e.msg.ExtData)], bytes[len(e.msg.ExtData):]
	return own
}

// RemoteAddr returns the client's address ($_SERVER['REMOTE_ADDR'] and
// ['REMOTE_PORT']). It is 0.0.0.0 for a client over IPv6: the protocol has four
// bytes for it. Behind a proxy it is the proxy's.
func (e *Event) RemoteAddr() netip.AddrPort {
	return netip.AddrPortFrom(gatewayprotocol.Uint32ToAddr(e.msg.ClientIP), e.msg.ClientPort)
}

// GatewayAddr returns the gateway's IP address and the port that the client
// connected to ($_SERVER['GATEWAY_ADDR'] and ['GATEWAY_PORT']).
func (e *Event) GatewayAddr() netip.AddrPort {
	return netip.AddrPortFrom(gatewayprotocol.Uint32ToAddr(e.msg.LocalIP), e.msg.GatewayPort)
}

// Session returns the client's session ($_SESSION).
func (e *Event) Session() *Session { return &e.session }

// Worker returns the worker that handles the event.
func (e *Event) Worker() *Worker { return e.conn.worker }

// Gateway returns the worker's way to talk to all clients: PHP's class
// Gateway. It is the same for all events.
func (e *Event) Gateway() *gatewayclient.Client { return e.conn.worker.client }

// Send sends a message to the client (Gateway::sendToCurrentClient).
func (e *Event) Send(ctx context.Context, msg []byte, opts ...gatewayclient.SendOption) error {
	return e.conn.worker.client.SendToClient(ctx, e.ClientID(), msg, opts...)
}

// Close sends the client a last message and closes its connection
// (Gateway::closeCurrentClient). A nil msg without [gatewayclient.PHP] sends
// nothing. See [gatewayclient.Client.CloseClient] for what other options do.
func (e *Event) Close(ctx context.Context, msg []byte, opts ...gatewayclient.SendOption) error {
	return e.conn.worker.client.CloseClient(ctx, e.ClientID(), msg, opts...)
}

// Destroy closes the client's connection at once
// (Gateway::destoryCurrentClient).
func (e *Event) Destroy(ctx context.Context) error {
	return e.conn.worker.client.DestroyClient(ctx, e.ClientID())
}

// BindUID binds the client to a uid (Gateway::bindUid).
func (e *Event) BindUID(ctx context.Context, uid string) error {
	return e.conn.worker.client.BindUID(ctx, e.ClientID(), uid)
}

// UnbindUID unbinds the client from its uid (Gateway::unbindUid).
func (e *Event) UnbindUID(ctx context.Context) error {
	return e.conn.worker.client.UnbindUID(ctx, e.ClientID())
}

// JoinGroup adds the client to a group (Gateway::joinGroup).
func (e *Event) JoinGroup(ctx context.Context, group string) error {
	return e.conn.worker.client.JoinGroup(ctx, e.ClientID(), group)
}

// LeaveGroup removes the client from a group (Gateway::leaveGroup).
func (e *Event) LeaveGroup(ctx context.Context, group string) error {
	return e.conn.worker.client.LeaveGroup(ctx, e.ClientID(), group)
}
