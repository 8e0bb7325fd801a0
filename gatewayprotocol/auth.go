package gatewayprotocol

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// AppendWorkerConnectBody appends the JSON body of [CmdWorkerConnect]. The
// worker key is "name:id" in PHP's workers. It fails for a text that is not
// UTF-8: JSON cannot hold it.
func AppendWorkerConnectBody(dst []byte, workerKey, secretKey string) ([]byte, error) {
	out := append(dst, `{"worker_key":`...)
	out, err := phpjson.AppendString(out, workerKey, phpjson.Options{})
	if err != nil {
		return dst, err
	}
	out = append(out, `,"secret_key":`...)
	if out, err = phpjson.AppendString(out, secretKey, phpjson.Options{}); err != nil {
		return dst, err
	}
	return append(out, '}'), nil
}

// AppendGatewayClientConnectBody appends the JSON body of
// [CmdGatewayClientConnect]. It fails for a key that is not UTF-8.
func AppendGatewayClientConnectBody(dst []byte, secretKey string) ([]byte, error) {
	out := append(dst, `{"secret_key":`...)
	out, err := phpjson.AppendString(out, secretKey, phpjson.Options{})
	if err != nil {
		return dst, err
	}
	return append(out, '}'), nil
}

// ConnectBody is the body of [CmdWorkerConnect] or [CmdGatewayClientConnect].
type ConnectBody struct {
	// WorkerKey is PHP's string for whatever JSON value was given, "" for none.
	// A GatewayClient has none.
	WorkerKey string
	// SecretKey is the key; KeyIsString says that there was one and that it was
	// a string. Without that it matches nothing, not even an empty key.
	SecretKey   string
	KeyIsString bool
}

// KeyMatches reports whether the body carries exactly the key. A gateway
// without a key wants "" just as strictly.
func (c *ConnectBody) KeyMatches(secretKey string) bool {
	return c.KeyIsString && equalSecret(c.SecretKey, secretKey)
}

// ParseConnectBody reads the body of cmd, [CmdWorkerConnect] or
// [CmdGatewayClientConnect], as Gateway::onWorkerMessage does. A body that is
// no JSON, or no JSON object, has no key and so matches none. A JSON string,
// on which PHP's gateway dies, is a [*MessageError].
func ParseConnectBody(cmd Command, body []byte) (ConnectBody, error) {
	v, err := phpjson.Decode(body)
	if err != nil {
		return ConnectBody{}, nil // PHP goes on with null
	}
	switch v := v.(type) {
	case string:
		return ConnectBody{}, &MessageError{Cmd: cmd, Part: "body", Reason: "is a JSON string, not an object"}
	case *phpserialize.Array:
		var c ConnectBody
		key, _ := v.GetString("secret_key")
		c.SecretKey, c.KeyIsString = key.(string)
		if name, ok := v.GetString("worker_key"); ok {
			if c.WorkerKey, ok = phpserialize.ToString(name); !ok {
				c.WorkerKey = "Array"
			}
		}
		return c, nil
	}
	return ConnectBody{}, nil
}

// MaxBeforeKey is the length in bytes up to which this project's servers take a
// connect command, or a line for a Register, from a peer that has not given the
// secret key yet. PHP takes as much as after it.
func MaxBeforeKey(secretKey string) int {
	return 8<<10 + 6*len(secretKey) // JSON writes a byte of the key with at most six
}
