package connecthook

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Bounds of what the endpoint answers, in bytes.
const (
	maxAnswer  = 1 << 20  // of a client that is let in
	maxRefusal = 64 << 10 // of one that is not; a longer body is not passed on
)

// refusalHeaders are passed on with a refusal, beside those of Options.
var refusalHeaders = []string{"Content-Type", "Retry-After", "WWW-Authenticate"}

// answer reads what the endpoint answers about a client: 2xx lets it in, with what
// the JSON says, 4xx refuses it. Anything else is an error.
func (e *endpoint) answer(r *gateway.ConnectRequest, resp *http.Response) (a gateway.ConnectAnswer, err error) {
	switch {
	case resp.StatusCode >= 200 && resp.StatusCode < 300:
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
		if err != nil {
			return a, e.failure(err)
		}
		if len(body) > maxAnswer {
			return a, fmt.Errorf("connect hook: %s answers more than %d bytes", e.redacted(), maxAnswer)
		}
		if a, err = decodeAnswer(body); err != nil {
			return gateway.ConnectAnswer{}, fmt.Errorf("connect hook: the answer of %s: %w", e.redacted(), err)
		}
		a.Headers = append(a.Headers, copied(resp.Header, e.opts.Headers)...)
		return a, nil
	case resp.StatusCode >= 400 && resp.StatusCode < 500:
		if code := resp.StatusCode; code == http.StatusNotFound || code == http.StatusMethodNotAllowed {
			e.limited.WarnFunc("status", "the connect hook's endpoint answers as a URL that is not there; the client is refused", func() logrus.FieldLogger {
				return e.opts.Logger.WithFields(logrus.Fields{"url": e.redacted(), "status": code, "client_id": r.ClientID, "remote": r.Remote})
			})
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal+1))
		if err != nil || len(body) > maxRefusal {
			body = nil // the client is refused all the same
		}
		if len(body) == 0 {
			resp.Header.Del("Content-Type")
		}
		return gateway.ConnectAnswer{Status: resp.StatusCode, Body: string(body), Headers: copied(resp.Header, e.opts.Headers, refusalHeaders)}, nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return a, fmt.Errorf("connect hook: %s answers %d: redirects are not followed", e.redacted(), resp.StatusCode)
	}
	return a, fmt.Errorf("connect hook: %s answers %d", e.redacted(), resp.StatusCode)
}

// copied returns the headers with some names, and takes them out of from.
func copied(from http.Header, lists ...[]string) []gateway.HeaderLine {
	var lines []gateway.HeaderLine
	for _, name := range slices.Concat(lists...) {
		for _, value := range from.Values(name) {
			lines = append(lines, gateway.HeaderLine{Name: name, Value: value})
		}
		from.Del(name)
	}
	return lines
}

// decodeAnswer reads the JSON of an answer. Nothing, {} and PHP's [] let the client
// in without more. What is not known is an error: a mistyped groups must not pass
// for none.
func decodeAnswer(body []byte) (a gateway.ConnectAnswer, err error) {
	if body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff"))); len(body) == 0 {
		return a, nil
	}
	v, err := phpjson.Decode(body)
	if err != nil {
		return a, fmt.Errorf("is no JSON: %w; it begins %.60q", err, body)
	}
	fields, ok := v.(*phpserialize.Array)
	if !ok || fields.IsList() && fields.Len() > 0 {
		return a, fmt.Errorf("is no JSON object; it begins %.60q", body)
	}
	for k, v := range fields.All() {
		if v == nil {
			continue
		}
		switch name := k.String(); name {
		case "headers":
			a.Headers, err = headerLines(v)
		case "protocol":
			a.Protocol, err = text(v)
		case "uid":
			a.UID, err = text(v)
		case "groups":
			a.Groups, err = texts(v)
		case "session":
			a.Session, ok = v.(*phpserialize.Array)
			if !ok {
				err = errors.New("want an object")
			}
		default:
			return a, fmt.Errorf("has %q, which is none of headers, protocol, uid, groups and session", name)
		}
		if err != nil {
			return a, fmt.Errorf("%s: %w", k.String(), err)
		}
	}
	return a, nil
}

// headerLines reads {"Name": "value"}, where a list stands for several lines.
func headerLines(v phpserialize.Value) ([]gateway.HeaderLine, error) {
	all, ok := v.(*phpserialize.Array)
	if !ok || all.IsList() && all.Len() > 0 {
		return nil, errors.New(`want an object, as {"Set-Cookie": "a=b"}`)
	}
	var lines []gateway.HeaderLine
	for k, v := range all.All() {
		values := []phpserialize.Value{v}
		if list, several := v.(*phpserialize.Array); several {
			values = list.Values()
		}
		for _, v := range values {
			value, err := text(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.String(), err)
			}
			lines = append(lines, gateway.HeaderLine{Name: k.String(), Value: value})
		}
	}
	return lines, nil
}

// text reads a string or an integer: PHP's ids are often integers.
func text(v phpserialize.Value) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	}
	return "", errors.New("want a string or an integer")
}

func texts(v phpserialize.Value) ([]string, error) {
	list, ok := v.(*phpserialize.Array)
	if !ok || !list.IsList() {
		return nil, errors.New("want a list")
	}
	var all []string
	for _, v := range list.All() {
		s, err := text(v)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
