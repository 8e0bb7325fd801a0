package main

import (
	"errors"
	"strconv"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// describe puts errors of the packages in the words of the command line.
func describe(err error) error {
	if option, ok := errors.AsType[*gateway.OptionError](err); ok {
		if flag, ok := optionFlags[option.Option]; ok {
			value := option.Value
			if text, err := strconv.Unquote(value); err == nil {
				value = text // flagError has its own quotes
			}
			return &flagError{flag, value, option.Reason}
		}
	}
	if listen, ok := errors.AsType[*gatewayprotocol.ListenAddressError](err); ok {
		return listenError("listen", listen.Text, listen)
	}
	return err
}

// listenError says that flag has a bad listen address.
func listenError(flag, text string, err error) error {
	var listen *gatewayprotocol.ListenAddressError
	if !errors.As(err, &listen) {
		return err
	}
	reason := listen.Err.Error()
	if errors.Is(listen, gatewayprotocol.ErrUnknownScheme) {
		reason += "; there are websocket, text, frame and tcp"
	}
	return &flagError{flag, text, reason}
}
