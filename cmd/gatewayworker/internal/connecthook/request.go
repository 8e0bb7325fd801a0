package connecthook

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// question is the JSON that the endpoint gets. get and cookie are those of
// onWebSocketConnect's data.
type question struct {
	ClientID   string          `json:"client_id"`
	Gateway    string          `json:"gateway"`
	RemoteAddr string          `json:"remote_addr"`
	RemotePort uint16          `json:"remote_port"`
	ServerPort uint16          `json:"server_port"`
	TLS        bool            `json:"tls"`
	Method     string          `json:"method"`
	URI        string          `json:"uri"`
	Host       string          `json:"host"`
	Get        json.RawMessage `json:"get"`
	Cookie     json.RawMessage `json:"cookie"`
	Headers    json.RawMessage `json:"headers"`
	Protocols  []string        `json:"protocols"`
}

// request makes the request to the endpoint. A client's cookies, its address and
// its URI are headers, too: an endpoint that knows users by a cookie need not look
// into the JSON.
func (e *endpoint) request(ctx context.Context, r *gateway.ConnectRequest) (*http.Request, error) {
	q := question{
		ClientID:   r.ClientID.String(),
		Gateway:    e.opts.Gateway,
		RemoteAddr: r.Remote.Addr().Unmap().String(),
		RemotePort: r.Remote.Port(),
		ServerPort: r.Port,
		TLS:        r.TLS,
		Method:     r.Method,
		URI:        r.URI,
		Host:       r.Header("Host"),
		Get:        object(phpserialize.ParseStr(r.Query())),
		Cookie:     object(phpserialize.ParseCookie(r.Header("Cookie"))),
		Headers:    object(headers(r.Headers)),
		Protocols:  r.Offered,
	}
	if q.Protocols == nil {
		q.Protocols = []string{}
	}
	body, err := json.Marshal(&q)
	if err != nil {
		return nil, fmt.Errorf("connect hook: the question cannot be encoded: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.opts.URL, bytes.NewReader(body))
	if err != nil {
		return nil, e.failure(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "gatewayworker")
	req.Header.Set("X-Forwarded-For", q.RemoteAddr)
	set(req, "X-Original-URI", r.URI)
	set(req, "Cookie", r.Header("Cookie"))
	if e.opts.Token != "" {
		req.Header.Set("Authorization", "Bearer "+e.opts.Token)
	}
	// Asking twice does no harm: with this entry, which is not sent, a request is
	// repeated that an endpoint has met by closing a connection that was idle.
	req.Header["Idempotency-Key"] = []string{}
	return req, nil
}

// set sets a header to what a client has sent, if a header can hold it.
func set(req *http.Request, name, value string) {
	if value != "" && !strings.ContainsFunc(value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
		req.Header.Set(name, value)
	}
}

// headers returns the headers of a request by their names in lower case, in order,
// the values of those with one name joined by commas.
func headers(lines []gateway.HeaderLine) *phpserialize.Array {
	all := phpserialize.NewArraySize(len(lines))
	for _, h := range lines {
		name, value := strings.ToLower(h.Name), h.Value
		if before, there := all.GetString(name); there {
			value = before.(string) + "," + value
		}
		all.SetString(name, value)
	}
	return all
}

// object is an array as a JSON object. Bytes that are not UTF-8 become U+FFFD.
func object(a *phpserialize.Array) json.RawMessage {
	if a.Len() == 0 {
		return json.RawMessage("{}")
	}
	text, err := phpjson.Encode(valid(a), phpjson.Options{UnescapedUnicode: true, UnescapedSlashes: true})
	if err != nil { // which valid has seen to
		return json.RawMessage("{}")
	}
	return text
}

// valid returns an array of strings and such arrays with valid UTF-8.
func valid(a *phpserialize.Array) *phpserialize.Array {
	const instead = "\ufffd"
	clean := phpserialize.NewArraySize(a.Len())
	for k, v := range a.All() {
		if !k.IsInt() {
			k = phpserialize.StringKey(strings.ToValidUTF8(k.String(), instead))
		}
		switch v := v.(type) {
		case string:
			clean.Set(k, strings.ToValidUTF8(v, instead))
		case *phpserialize.Array:
			clean.Set(k, valid(v))
		}
	}
	return clean
}
