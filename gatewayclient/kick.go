package gatewayclient

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// CloseClient sends a client a last message and closes its connection
// (Gateway::closeClient). A nil msg without [PHP] sends nothing; an empty one
// that is not nil sends an empty message. Of the options, [PHP] and [Serialized]
// are for a message that is an array in PHP; a last message is never raw.
func (c *Client) CloseClient(ctx context.Context, id ClientID, msg []byte, opts ...SendOption) error {
	m, o, err := message(gatewayprotocol.CmdKick, msg, opts)
	if err != nil {
		return err
	}
	m.ConnectionID = id.ConnectionID
	if msg == nil && !o.hasPHP { // PHP sends serialize(null)
		m.Flag, m.Body = 0, serializedNull
	}
	return c.send(ctx, id.Gateway(), m)
}

var serializedNull = []byte("N;")

// DestroyClient closes a client's connection at once; what waits to be sent to
// it is lost (Gateway::destoryClient).
func (c *Client) DestroyClient(ctx context.Context, id ClientID) error {
	return c.sendTo(ctx, id, gatewayprotocol.CmdDestroy, nil)
}
