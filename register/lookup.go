package register

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Lookup asks for the list of gateways once, as GatewayClient does. It tries
// the Registers in order until one answers; the list may be empty. PHP takes
// the first that accepts the connection and gives up if that one has no
// answer.
//
// The error holds a [*ServerError] for each Register, or is [ErrNoRegister].
func Lookup(ctx context.Context, opts ClientOptions) ([]string, error) {
	if len(opts.Registers) == 0 {
		return nil, ErrNoRegister
	}
	opts = opts.withDefaults()
	var errs []error
	for _, addr := range opts.Registers {
		list, err := ask(ctx, addr, &opts)
		if err == nil {
			return list, nil
		}
		errs = append(errs, &ServerError{Addr: addr, Err: err})
		if ctx.Err() != nil {
			errs = append(errs, context.Cause(ctx))
			break
		}
	}
	return nil, errors.Join(errs...)
}

func ask(ctx context.Context, addr string, opts *ClientOptions) ([]string, error) {
	nc, err := opts.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	nc.SetDeadline(time.Now().Add(opts.AnswerTimeout))
	if _, err := nc.Write(gatewayprotocol.AppendWorkerConnect(nil, opts.SecretKey)); err != nil {
		return nil, err
	}
	line, err := newLineReader(nc, gatewayprotocol.MaxRegisterLine).next()
	if err != nil {
		if errors.Is(err, io.EOF) || isReset(err) {
			return nil, ErrNoAnswer
		}
		return nil, err
	}
	return gatewayprotocol.ParseBroadcastAddresses(line)
}

// isReset reports whether the peer ended the connection the rough way.
func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && !op.Timeout() && !errors.Is(err, net.ErrClosed)
}
