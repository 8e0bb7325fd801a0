package command

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// message returns the bytes that the body of m stands for, to be sent to
// clients. They alias m.Body or x.body: valid until the next call.
//
// With FlagBodyIsScalar they are the body itself. Without it the body is PHP
// serialize() output: a string stands for its bytes, and for websocket clients
// an array, null or an object stands for its JSON, as in
// Workerman\Protocols\Websocket::encode. Every other value is a
// [*gatewayprotocol.MessageError]: PHP's gateway dies of it. ok is false for
// null in a CMD_KICK, which stands for no message.
func (x *Executor) message(m *gatewayprotocol.Message) (body []byte, ok bool, err error) {
	if m.Flag&gatewayprotocol.FlagBodyIsScalar != 0 {
		return m.Body, true, nil
	}
	v, err := phpserialize.Unmarshal(m.Body)
	if err != nil {
		return nil, false, bodyError(m, "is neither a scalar (flag) nor serialized: "+err.Error())
	}
	kick := m.Cmd == gatewayprotocol.CmdKick
	switch v := v.(type) {
	case string:
		x.body = append(x.body[:0], v...)
		return x.body, true, nil
	case nil:
		if kick {
			return nil, false, nil
		}
	case *phpserialize.Array, *phpserialize.Object, *phpserialize.Custom, *phpserialize.Reference:
	default:
		return nil, false, bodyError(m, "is "+phpserialize.Describe(v)+": only a string can be sent so")
	}
	// CMD_KICK is never raw.
	if !x.opts.Websocket || !kick && isRaw(m) {
		return nil, false, bodyError(m, "is "+phpserialize.Describe(v)+": only a string can be sent so")
	}
	// JSON is at most six times as long as what it was made from, as long as no
	// references multiply it.
	x.body, err = phpjson.Append(x.body[:0], v, phpjson.Options{UnescapedUnicode: true, MaxBytes: 6 * x.opts.MaxPackageSize})
	if err != nil {
		return nil, false, bodyError(m, "has no JSON: "+err.Error())
	}
	return x.body, true, nil
}

// isRaw reports whether the body goes on the client's socket as it is. PHP's
// $protocolAccelerate, which encodes a broadcast once and sends it raw, needs no
// counterpart: here a broadcast is always encoded once, and what is not raw
// still waits for the client's handshake.
func isRaw(m *gatewayprotocol.Message) bool {
	return m.Flag&gatewayprotocol.FlagNotCallEncode != 0
}

func bodyError(m *gatewayprotocol.Message, reason string) error {
	return &gatewayprotocol.MessageError{Cmd: m.Cmd, Part: "body", Reason: reason}
}

func extError(m *gatewayprotocol.Message, reason string) error {
	return &gatewayprotocol.MessageError{Cmd: m.Cmd, Part: "ext_data", Reason: reason}
}
