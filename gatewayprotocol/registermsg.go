package gatewayprotocol

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Register speaks Workerman's text protocol: one JSON object per line. The
// Append functions below append a whole line, its "\n" included; the Parse
// functions take a line as [TrimLine] leaves it.

// MaxRegisterLine is the length at which a line without an end is given up
// (Text::input with TcpConnection::$defaultMaxPackageSize): a line must be
// shorter than this, its "\n" included.
const MaxRegisterLine = MaxPackageSize

// TrimLine strips all trailing "\r" and "\n", as PHP's Text::decode does.
func TrimLine(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }

// AppendGatewayConnect appends the line with which a gateway announces its
// inner address, with the blanks that Gateway::registerAddress has in it.
//
// PHP pastes address and key between the quotes as they are. So does this
// function, but it escapes what would break the JSON (a quote, a backslash, a
// control character): with such a key PHP's own gateways never register,
// while a Register of either kind accepts the escaped line.
func AppendGatewayConnect(dst []byte, address, secretKey string) []byte {
	dst = append(dst, `{"event":"gateway_connect", "address":"`...)
	dst = appendPasted(dst, address)
	dst = append(dst, `", "secret_key":"`...)
	dst = appendPasted(dst, secretKey)
	return append(dst, "\"}\n"...)
}

// AppendWorkerConnect appends the line with which a worker or a GatewayClient
// asks for the list of gateways (BusinessWorker::connectToRegister). The key
// is treated as in [AppendGatewayConnect].
func AppendWorkerConnect(dst []byte, secretKey string) []byte {
	dst = append(dst, `{"event":"worker_connect","secret_key":"`...)
	dst = appendPasted(dst, secretKey)
	return append(dst, "\"}\n"...)
}

// AppendRegisterPing appends the line that keeps a connection to Register
// alive.
func AppendRegisterPing(dst []byte) []byte { return append(dst, "{\"event\":\"ping\"}\n"...) }

func appendPasted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, `\u00`...)
			dst = append(dst, hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// RegisterAddress is a gateway's address as Register keeps it. It is a text
// such as "127.0.0.1:2900" in all of practice, but PHP's Register takes any
// truthy JSON value, compares addresses as strings and hands them on as the
// values they were. The zero value is no address.
type RegisterAddress struct {
	text string
	json string
}

// NewRegisterAddress returns the address for a decoded JSON value. It fails
// for a value that JSON cannot hold, such as an infinite number.
func NewRegisterAddress(v phpserialize.Value) (RegisterAddress, error) {
	text, ok := phpserialize.ToString(v)
	if !ok {
		text = "Array" // as PHP spells every array that it compares as a string
	}
	b, err := phpjson.Encode(v, phpjson.Options{})
	if err != nil {
		return RegisterAddress{}, fmt.Errorf("gatewayprotocol: address cannot be broadcast: %w", err)
	}
	return RegisterAddress{text: text, json: string(b)}, nil
}

// String returns the text as which the address is compared.
func (a RegisterAddress) String() string { return a.text }

// MarshalBinary returns the address as UnmarshalBinary takes it. It does not fail.
func (a RegisterAddress) MarshalBinary() ([]byte, error) {
	p := binary.AppendUvarint(nil, uint64(len(a.text)))
	return append(append(p, a.text...), a.json...), nil
}

// UnmarshalBinary sets the address to one that MarshalBinary has returned.
func (a *RegisterAddress) UnmarshalBinary(p []byte) error {
	size, n := binary.Uvarint(p)
	if n <= 0 || size > uint64(len(p)-n) {
		return errors.New("gatewayprotocol: a malformed address")
	}
	p = p[n:]
	a.text, a.json = string(p[:size]), string(p[size:])
	return nil
}

// AppendBroadcastAddresses appends the line in which Register tells the list
// of gateways.
//
// Of equal addresses the first stays, with its key, as PHP's array_unique has
// it: a, a, b becomes {"0":"a","2":"b"}, and only a list without gaps is a
// JSON list.
func AppendBroadcastAddresses(dst []byte, addresses []RegisterAddress) []byte {
	dst = append(dst, `{"event":"broadcast_addresses","addresses":`...)
	seen := make(map[string]struct{}, len(addresses))
	keys := make([]int, 0, len(addresses))
	for i, a := range addresses {
		if _, dup := seen[a.text]; !dup {
			seen[a.text] = struct{}{}
			keys = append(keys, i)
		}
	}
	list := len(keys) == 0 || keys[len(keys)-1] == len(keys)-1
	dst = append(dst, openBracket(list))
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		if !list {
			dst = appendIntKey(dst, uint64(k))
		}
		dst = append(dst, addresses[k].json...)
	}
	return append(dst, closeBracket(list), '}', '\n')
}

// AppendBadRegisterRequest appends the line that PHP's Register answers to a
// line without an event. ip is the peer's address without its port, an IPv6
// address in brackets; line is as [TrimLine] left it.
func AppendBadRegisterRequest(dst []byte, ip string, line []byte) []byte {
	dst = append(dst, "Bad request for Register service. Request info(IP:"...)
	dst = append(dst, ip...)
	dst = append(dst, ", Request Buffer:"...)
	dst = append(dst, line...)
	return append(dst, "). See http://doc2.workerman.net/register-auth-timeout.html\n"...)
}

// RegisterEvent is what a line asks of Register.
type RegisterEvent uint8

// The events that Register knows, and the rest. An unknown event closes the
// connection without an answer.
const (
	EventUnknown RegisterEvent = iota
	EventGatewayConnect
	EventWorkerConnect
	EventPing
)

var registerEventNames = [...]string{"unknown", "gateway_connect", "worker_connect", "ping"}

// String returns the event as it is spelt on the wire.
func (e RegisterEvent) String() string {
	if int(e) < len(registerEventNames) {
		return registerEventNames[e]
	}
	return registerEventNames[EventUnknown]
}

// RegisterRequest is a line as Register understands it.
type RegisterRequest struct {
	Event RegisterEvent
	// Address of a gateway_connect; the zero value when it is missing or falsy
	// ("", "0", 0, false, null, []).
	Address    RegisterAddress
	HasAddress bool
	// SecretKey is the key given; a missing or null one is "". KeyIsString is
	// false for any other JSON value: such a key never matches.
	SecretKey   string
	KeyIsString bool
}

// KeyMatches reports whether the request carries exactly the key.
func (r *RegisterRequest) KeyMatches(secretKey string) bool {
	return r.KeyIsString && equalSecret(r.SecretKey, secretKey)
}

// ErrBadRegisterRequest reports a line that is no JSON object, or one whose
// event is missing or falsy for PHP ("0", 0, {}, …). Register answers it with
// [AppendBadRegisterRequest].
var ErrBadRegisterRequest = errors.New("gatewayprotocol: line is not a request to Register: no event")

// ParseRegisterRequest reads a line as Register::onMessage does. The event is
// compared loosely: true counts as gateway_connect. A line without an event is
// [ErrBadRegisterRequest]; an address that cannot be broadcast is another
// error, for which PHP has no answer but its death.
func ParseRegisterRequest(line []byte) (RegisterRequest, error) {
	v, err := phpjson.Decode(line)
	if err != nil {
		return RegisterRequest{}, ErrBadRegisterRequest
	}
	obj, ok := v.(*phpserialize.Array)
	if !ok {
		return RegisterRequest{}, ErrBadRegisterRequest
	}
	event, _ := obj.GetString("event")
	if !phpserialize.IsTruthy(event) {
		return RegisterRequest{}, ErrBadRegisterRequest
	}
	var r RegisterRequest
	switch event {
	case true, "gateway_connect":
		r.Event = EventGatewayConnect
	case "worker_connect":
		r.Event = EventWorkerConnect
	case "ping":
		r.Event = EventPing
	}
	key, _ := obj.GetString("secret_key")
	if key == nil {
		key = ""
	}
	r.SecretKey, r.KeyIsString = key.(string)
	if r.Event != EventGatewayConnect {
		return r, nil
	}
	if addr, _ := obj.GetString("address"); phpserialize.IsTruthy(addr) {
		if r.Address, err = NewRegisterAddress(addr); err != nil {
			return RegisterRequest{}, err
		}
		r.HasAddress = true
	}
	return r, nil
}

// BroadcastError reports a line from Register that is no list of addresses.
type BroadcastError struct{ Reason string }

func (e *BroadcastError) Error() string {
	return "gatewayprotocol: line from Register is not a broadcast: " + e.Reason
}

// ParseBroadcastAddresses reads a line from Register as a worker does
// (BusinessWorker::onRegisterConnectionMessage). addresses may be a list or an
// object; the order is kept, repeated ones are left out. An address that is
// not a string is converted as PHP does; a nested array becomes
// "Array", which [ParseGatewayAddress] refuses.
//
// An empty list is not an error. Anything else is a [*BroadcastError].
func ParseBroadcastAddresses(line []byte) ([]string, error) {
	v, err := phpjson.Decode(line)
	if err != nil {
		return nil, &BroadcastError{Reason: err.Error()}
	}
	obj, ok := v.(*phpserialize.Array)
	if !ok {
		return nil, &BroadcastError{Reason: "not a JSON object"}
	}
	switch event, _ := obj.GetString("event"); event {
	case "broadcast_addresses", true:
	case nil:
		return nil, &BroadcastError{Reason: "no event"}
	default:
		return nil, &BroadcastError{Reason: "its event is another"}
	}
	v, _ = obj.GetString("addresses")
	list, ok := v.(*phpserialize.Array)
	if !ok {
		return nil, &BroadcastError{Reason: "addresses is neither a list nor an object"}
	}
	addrs := make([]string, 0, list.Len())
	seen := make(map[string]struct{}, list.Len())
	for _, v := range list.All() {
		s, ok := phpserialize.ToString(v)
		if !ok {
			s = "Array"
		}
		if _, dup := seen[s]; !dup {
			seen[s] = struct{}{}
			addrs = append(addrs, s)
		}
	}
	return addrs, nil
}
