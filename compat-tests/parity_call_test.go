package compattests

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// goClient is short for what the method expressions below begin with.
type goClient = gatewayclient.Client

// A goCall is a call of a gatewayclient method, and what it is for.
type goCall struct {
	method string // of gatewayclient.Client
	effect effect
	run    func(context.Context, *goClient) (phpserialize.Value, error)
}

// An effect is what a call does besides returning something.
type effect int

const (
	asks   effect = 0
	writes effect = 1 << iota // the state of gateways changes
	sends                     // clients get something, or are closed
)

// methodName returns the name of a method expression, (*goClient).SendToAll.
func methodName(method any) string {
	name := runtime.FuncForPC(reflect.ValueOf(method).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}

// ask0 is a question without arguments; toPHP makes PHP's value of the result.
func ask0[R any](method func(*goClient, context.Context) (R, error), toPHP func(R) phpserialize.Value) goCall {
	return goCall{methodName(method), asks, func(ctx context.Context, g *goClient) (phpserialize.Value, error) {
		return result(toPHP)(method(g, ctx))
	}}
}

// ask1 is a question with one argument.
func ask1[A, R any](method func(*goClient, context.Context, A) (R, error), a A, toPHP func(R) phpserialize.Value) goCall {
	return goCall{methodName(method), asks, func(ctx context.Context, g *goClient) (phpserialize.Value, error) {
		return result(toPHP)(method(g, ctx, a))
	}}
}

// do1 is a command with one argument; returns is what PHP's method returns.
func do1[A any](method func(*goClient, context.Context, A) error, e effect, a A, returns phpserialize.Value) goCall {
	return goCall{methodName(method), e, func(ctx context.Context, g *goClient) (phpserialize.Value, error) {
		return returns, method(g, ctx, a)
	}}
}

// do2 is a command with two arguments.
func do2[A, B any](method func(*goClient, context.Context, A, B) error, e effect, a A, b B, returns phpserialize.Value) goCall {
	return goCall{methodName(method), e, func(ctx context.Context, g *goClient) (phpserialize.Value, error) {
		return returns, method(g, ctx, a, b)
	}}
}

// sendTo is a message to what to names.
func sendTo[A any](method func(*goClient, context.Context, A, []byte, ...gatewayclient.SendOption) error, to A, m parityMessage, returns phpserialize.Value) goCall {
	return goCall{methodName(method), sends, func(ctx context.Context, g *goClient) (phpserialize.Value, error) {
		return returns, method(g, ctx, to, m.body, m.options...)
	}}
}

func result[R any](toPHP func(R) phpserialize.Value) func(R, error) (phpserialize.Value, error) {
	return func(r R, err error) (phpserialize.Value, error) {
		if errors.Is(err, gatewayclient.ErrClientOffline) {
			return nil, nil // PHP's null
		}
		if err != nil {
			return nil, err
		}
		return toPHP(r), nil
	}
}

// errorName returns the name of a typed error; ports are not in it.
func errorName(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{gatewayclient.ErrEmptyName, "ErrEmptyName"},
		{gatewayclient.ErrUnknownGateway, "ErrUnknownGateway"},
		{gatewayclient.ErrNoGateways, "ErrNoGateways"},
		{gatewayclient.ErrNoReply, "ErrNoReply"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return err.Error()
}

// A translator reads the arguments of a call.
type translator struct {
	stage *stage
	args  list
}

func (t *translator) has(i int) bool { return i < len(t.args) && t.args[i] != nil }

// text is a uid or group: PHP turns numbers into strings.
func (t *translator) text(i int) string { return t.toText(t.args[i]) }

func (t *translator) toText(v any) string {
	if n, ok := v.(int); ok {
		v = int64(n)
	}
	text, ok := phpserialize.ToString(v)
	if !ok {
		t.stage.fail("%v is no string", v)
	}
	return text
}

// texts takes what PHP takes: one or several.
func (t *translator) texts(i int) []string {
	several, ok := t.args[i].(list)
	if !ok {
		return []string{t.text(i)}
	}
	texts := []string{}
	for _, v := range several {
		texts = append(texts, t.toText(v))
	}
	return texts
}

func (t *translator) several(i int) bool {
	_, ok := t.args[i].(list)
	return ok
}

func (t *translator) id(i int) gatewayclient.ClientID { return mustID(t.args[i]) }

func (t *translator) ids(i int) (ids []gatewayclient.ClientID) {
	for _, text := range t.texts(i) {
		ids = append(ids, mustID(text))
	}
	return ids
}

func (t *translator) session(i int) *phpserialize.Array {
	v, ok := phpArgs(t.stage, t.args).Get(phpserialize.IntKey(int64(i)))
	if !ok {
		t.stage.fail("no argument %d", i)
	}
	return v.(*phpserialize.Array)
}

// A parityMessage is a message with the options that PHP's arguments ask for.
type parityMessage struct {
	body    []byte
	options []gatewayclient.SendOption
}

// message reads a message at i, a list of clients to leave out at exclude, and
// whether to send it raw at raw; -1 where the method has none.
func (t *translator) message(i, exclude, raw int) parityMessage {
	var m parityMessage
	switch v := t.args[i].(type) {
	case nil, list, object: // PHP serializes these
		body, err := phpserialize.Marshal(phpValue(v))
		t.stage.check(err)
		m.body, m.options = body, append(m.options, gatewayclient.Serialized())
	default:
		m.body = []byte(t.text(i))
	}
	if exclude >= 0 && t.has(exclude) {
		m.options = append(m.options, gatewayclient.Exclude(t.ids(exclude)...))
	}
	if raw >= 0 && t.has(raw) && t.args[raw] == true {
		m.options = append(m.options, gatewayclient.Raw())
	}
	return m
}
