package gatewayclient

import (
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/go-gatewayworker/gatewayworker/register"
)

var (
	// ErrClosed says that the Client or the Worker behind it was closed.
	ErrClosed = innerclient.ErrClosed

	// ErrNoGateways says that a Register answered with an empty list.
	ErrNoGateways = errors.New("gatewayclient: no gateways registered")

	// ErrUnknownGateway says that a client id points to a gateway that is not
	// in the cluster. Such a client is not online.
	ErrUnknownGateway = innerclient.ErrUnknownGateway

	// ErrUnreachable says that no connection to a gateway can be made; the
	// error that holds it holds the cause, too. While that lasts, the gateway is
	// tried again every second in the background, and calls fail at once with
	// the last error.
	ErrUnreachable = innerclient.ErrUnreachable

	// ErrClientOffline says that no client has the id.
	ErrClientOffline = errors.New("gatewayclient: client is offline")

	// ErrEmptyName says that a uid or group is "" or "0", which PHP counts as
	// empty: gateways refuse to bind or join them. Nothing is sent then, also
	// where other names stand beside it.
	ErrEmptyName = errors.New(`gatewayclient: uid or group is empty ("" or "0")`)

	// ErrSendBufferFull says that a gateway does not read what it is sent: the
	// frame was refused because Options.SendToGatewayBufferSize bytes still waited
	// after Options.SendTimeout.
	ErrSendBufferFull = innerconn.ErrBufferFull

	// ErrNoReply says that a gateway took a question and sent nothing for
	// Options.QueryTimeout.
	ErrNoReply = innerclient.ErrNoReply
)

// A GatewayError is what went wrong with one gateway. Methods that talk to
// several gateways return the answers of those that answered together with an
// error that joins one GatewayError for each of the others; see
// [FailedGateways].
type GatewayError struct {
	Gateway gatewayprotocol.GatewayAddress
	Cmd     gatewayprotocol.Command
	Err     error
}

func (e *GatewayError) Error() string {
	return fmt.Sprintf("gatewayclient: gateway %s: %s: %v", e.Gateway, e.Cmd, e.Err)
}

// Unwrap returns Err.
func (e *GatewayError) Unwrap() error { return e.Err }

// An UnconfirmedError says that a connection to a gateway ended, and that the
// gateway had not answered a question after the last commands that went over it:
// nobody knows which of them it has executed. See [Client.Sync].
type UnconfirmedError struct {
	Gateway  gatewayprotocol.GatewayAddress
	Commands uint64 // since the last question that was answered
}

func (e *UnconfirmedError) Error() string {
	return fmt.Sprintf("gatewayclient: gateway %s: a connection ended with %d commands unconfirmed; they may be lost", e.Gateway, e.Commands)
}

// FailedGateways returns the gateways whose answers are missing from a result:
// those that the [*GatewayError]s in err name. err is what a method of [Client]
// returned with the result. There are none if err is nil, or if the call failed
// before any gateway was asked, as without a Register.
func FailedGateways(err error) []gatewayprotocol.GatewayAddress {
	var out []gatewayprotocol.GatewayAddress
	var walk func(error)
	walk = func(err error) {
		switch e := err.(type) { //nolint:errorlint // walks the tree itself
		case nil:
		case *GatewayError:
			out = append(out, e.Gateway)
		case interface{ Unwrap() []error }:
			for _, err := range e.Unwrap() {
				walk(err)
			}
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		}
	}
	walk(err)
	return out
}

// A RegisterError says that no Register has sent a list of gateways, and what is
// wrong with each: look with errors.Is for [register.ErrSecretKey] and
// syscall.ECONNREFUSED, and with errors.As for a *net.DNSError.
type RegisterError = register.LookupError

// A ReplyError reports an answer that is not what the question asks for.
type ReplyError struct {
	Want string // for example "a list of connection ids"
	Got  string // the value's kind, or what is wrong with its bytes
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("bad reply: want %s, got %s", e.Want, e.Got)
}
