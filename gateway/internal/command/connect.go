package command

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// connect is CMD_WORKER_CONNECT and CMD_GATEWAY_CLIENT_CONNECT. A wrong key
// closes the connection, also one that gave the right key before.
func (x *Executor) connect(from Caller, m *gatewayprotocol.Message) error {
	body := m.Body
	if m.Flag&gatewayprotocol.FlagBodyIsScalar == 0 {
		v, err := phpserialize.Unmarshal(m.Body)
		if err != nil {
			v = nil
		}
		switch v.(type) {
		case *phpserialize.Array, *phpserialize.Object, *phpserialize.Custom:
			return bodyError(m, "is "+phpserialize.Describe(v)+", not JSON")
		}
		// Of the other values only a string can hold a key.
		s, _ := v.(string)
		body = []byte(s)
	}
	c, err := gatewayprotocol.ParseConnectBody(m.Cmd, body)
	if err != nil {
		return err
	}
	if !c.KeyMatches(x.opts.SecretKey) {
		from.Close(errSecretKey)
		return nil
	}
	from.Connected(m.Cmd == gatewayprotocol.CmdWorkerConnect, c.WorkerKey)
	return nil
}
