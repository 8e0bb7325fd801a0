package register

import (
	"context"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Lookup asks for the list of gateways once, as GatewayClient does. It tries
// the Registers in order until one answers; the list may be empty. PHP takes
// the first that accepts the connection and gives up if that one has no
// answer.
//
// It fails with a [*LookupError], which says what went wrong with each Register,
// or an [*OptionError].
func Lookup(ctx context.Context, opts ClientOptions) ([]string, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	failed := &LookupError{}
	for _, addr := range opts.RegisterAddresses {
		list, err := ask(ctx, addr, &opts)
		if err == nil {
			return list, nil
		}
		failed.Servers = append(failed.Servers, &ServerError{Addr: addr, Err: err})
		if ctx.Err() != nil {
			failed.Err = context.Cause(ctx)
			break
		}
	}
	return nil, failed
}

func ask(ctx context.Context, addr string, opts *ClientOptions) ([]string, error) {
	nc, err := opts.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	nc.SetDeadline(time.Now().Add(opts.QueryTimeout))
	if _, err := nc.Write(gatewayprotocol.AppendWorkerConnect(nil, opts.SecretKey)); err != nil {
		return nil, err
	}
	line, err := newLineReader(nc, gatewayprotocol.MaxRegisterLine).next()
	if err != nil {
		if closedByPeer(err) {
			return nil, ErrSecretKey
		}
		return nil, err
	}
	return gatewayprotocol.ParseBroadcastAddresses(line)
}
