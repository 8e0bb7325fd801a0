package innerclient

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A Transport carries the frames of a gatewayclient.Client to gateways.
//
// For each gateway, commands are executed in the order of the calls, and before
// a question asked later.
type Transport interface {
	// Gateways returns the gateways of the cluster, in Register's order. It
	// waits for the first list. The caller does not change the slice.
	Gateways(ctx context.Context) ([]gatewayprotocol.GatewayAddress, error)
	// Send sends a command; it waits for a connection, or for room in the
	// buffer, as ctx and the options allow. nil means that the frame will be
	// sent as long as the connection holds.
	Send(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) error
	// TrySend is Send if that need not wait; else it does nothing and returns
	// false.
	TrySend(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) (done bool, err error)
	// Query asks a question and returns its answer, serialize() output.
	Query(ctx context.Context, to gatewayprotocol.GatewayAddress, m gatewayprotocol.Message) ([]byte, error)
	// TakeUnconfirmed returns how many commands had no answer behind them when
	// their connection ended, by gateway, since the last call: nobody knows
	// whether those were executed.
	TakeUnconfirmed() map[gatewayprotocol.GatewayAddress]uint64
	// Stats returns the numbers of the moment.
	Stats() Stats
	// Close ends what the Transport keeps open for the Client.
	Close() error
}

// Stats are the numbers of a [Transport].
type Stats struct {
	Gateways    int    // with at least one connection
	Connections int    // open
	Buffered    int    // bytes that wait to be sent
	Waiting     int    // questions without an answer
	Commands    uint64 // appended to a connection, since the start
	Questions   uint64
	Refused     uint64 // commands and questions that found the buffer full for too long
	Lost        uint64 // bytes that were not sent when their connection ended
}

// NewClient returns a *gatewayclient.Client that sends and asks by t. Package
// gatewayclient sets it: so a business worker can have a Client on its own
// connections without gatewayclient offering that to every program.
var NewClient func(t Transport) any
