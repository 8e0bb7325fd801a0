package admin

import (
	"encoding/base64"
	"encoding/json"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// sessionJSON is a session in JSON. What JSON has nothing for, such as bytes that
// are no text, comes as the base64 of PHP's serialize() output.
type sessionJSON struct {
	Session json.RawMessage `json:"session"`
	Base64  string          `json:"session_base64,omitempty"`
}

// sessionOf decodes what workers have set. Any bytes may be in it.
func sessionOf(serialized []byte) sessionJSON {
	if len(serialized) == 0 {
		return sessionJSON{Session: json.RawMessage("{}")}
	}
	limits := phpserialize.Limits{MaxDepth: 100, MaxElements: 100_000, MaxBytes: maxSessionOut}
	if v, _, err := limits.Decode(serialized); err == nil {
		if a, ok := v.(*phpserialize.Array); ok && a.Len() == 0 {
			return sessionJSON{Session: json.RawMessage("{}")}
		}
		text, err := phpjson.Encode(v, phpjson.Options{UnescapedUnicode: true, UnescapedSlashes: true, MaxBytes: maxSessionOut})
		if err == nil && json.Valid(text) {
			return sessionJSON{Session: text}
		}
	}
	return sessionJSON{Session: json.RawMessage("null"), Base64: base64.StdEncoding.EncodeToString(serialized[:min(len(serialized), maxSessionOut)])}
}
