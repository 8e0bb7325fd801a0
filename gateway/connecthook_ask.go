package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Bounds of an answer, in bytes.
const (
	maxHookBody    = 64 << 10
	maxHookHeaders = 16 << 10
)

// askHooks asks the hook about clients until none waits.
func (g *Gateway) askHooks() {
	for {
		h := g.hooks.next(g.options())
		if h == nil {
			return
		}
		v := g.askHook(h)
		h.cancel()
		if v != nil {
			h.verdict.Store(v)
			h.c.transport.resume()
		}
	}
}

// askHook asks the hook about a client. It returns nil for one that is gone.
func (g *Gateway) askHook(h *hookWait) *verdict {
	o := g.options()
	switch {
	case h.ctx.Err() != nil: // gone before it was in the queue
		g.hooks.abandoned.Add(1)
		return nil
	case o.ConnectHook == nil: // it was there when the client came
		return new(verdict)
	}
	r := newConnectRequest(h.c, h.request)
	answer, err := g.callHook(h.ctx, o, r)
	v := new(verdict)
	if err == nil {
		err = g.judge(r, &answer, v)
	}
	if err == nil && v.refusal == nil {
		err = g.applyAnswer(h.ctx, h.c.ID(), &answer)
	}
	switch {
	case h.ctx.Err() != nil:
		g.hooks.abandoned.Add(1)
		return nil
	case err != nil:
		return g.hookFailed(h, o, err)
	case v.refusal != nil:
		g.hooks.refused.Add(1)
		g.clientLog(h.c).WithField("status", answer.Status).Debug("the connect hook refused a websocket")
	default:
		g.hooks.allowed.Add(1)
	}
	return v
}

// callHook calls the hook, with a bound of time. A panic is an error.
func (g *Gateway) callHook(ctx context.Context, o *Options, r *ConnectRequest) (answer ConnectAnswer, err error) {
	x := &g.hooks
	ctx, cancel := context.WithTimeout(ctx, o.ConnectHookTimeout)
	defer cancel()
	x.asked.Add(1)
	x.inFlight.Add(1)
	began := time.Now()
	defer func() {
		x.times.add(hookBounds, time.Since(began))
		x.inFlight.Add(-1)
		if p := recover(); p != nil {
			g.log.WithField("stack", string(debug.Stack())).Errorf("the connect hook panicked: %v", p)
			err = fmt.Errorf("gateway: the connect hook panicked: %v", p)
		}
	}()
	return o.ConnectHook(ctx, r)
}

// hookFailed decides about a client without the hook.
func (g *Gateway) hookFailed(h *hookWait, o *Options, err error) *verdict {
	g.hooks.failed.Add(1)
	outcome := "client refused"
	if o.ConnectHookFailOpen {
		outcome = "client let in"
	}
	g.limited.WarnFunc("connect hook", "the connect hook failed, "+outcome, func() logrus.FieldLogger { return g.clientLog(h.c).WithError(err) })
	if o.ConnectHookFailOpen {
		return new(verdict)
	}
	return &verdict{refusal: httpRefusal(http.StatusServiceUnavailable)}
}

// judge checks an answer, and puts what the client is told into v.
func (g *Gateway) judge(r *ConnectRequest, a *ConnectAnswer, v *verdict) error {
	refuses := a.Status != 0
	if refuses && (a.Status < 400 || a.Status > 599) {
		return fmt.Errorf("gateway: the connect hook's status is %d: want 0, or one from 400 to 599", a.Status)
	}
	if len(a.Body) > maxHookBody {
		return fmt.Errorf("gateway: the connect hook's body has %d bytes, at most %d", len(a.Body), maxHookBody)
	}
	size := 0
	for _, h := range a.Headers {
		if err := checkAnswerHeader(h); err != nil {
			return err
		}
		if size += len(h.Name) + len(h.Value); size > maxHookHeaders {
			return fmt.Errorf("gateway: the connect hook's headers have more than %d bytes", maxHookHeaders)
		}
		if !refuses && strings.EqualFold(h.Name, protocolHeader) {
			if a.Protocol == "" {
				a.Protocol = h.Value
			}
			continue
		}
		v.headers = append(v.headers, h)
	}
	if refuses {
		v.refusal = httpAnswer(a.Status, v.headers, a.Body)
		return nil
	}
	if a.Protocol != "" {
		v.chosen = true
		if slices.Contains(r.Offered, a.Protocol) {
			v.headers = append(v.headers, HeaderLine{protocolHeader, a.Protocol})
		} else {
			g.warn(g.log.WithFields(logrus.Fields{"client_id": r.ClientID, "remote": r.Remote, "protocol": a.Protocol}),
				"the connect hook names a subprotocol that the client did not offer, it is left out")
		}
	}
	return nil
}

// ownHeaders are those that the gateway sets itself.
var ownHeaders = []string{
	"Connection", "Content-Length", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Version", "Transfer-Encoding", "Upgrade",
}

func checkAnswerHeader(h HeaderLine) error {
	if !isToken(h.Name) {
		return fmt.Errorf("gateway: the connect hook's header %q has no name of a header", h.Name)
	}
	if strings.ContainsAny(h.Value, "\r\n\x00") {
		return fmt.Errorf("gateway: the value of the connect hook's header %s has a line break or a zero byte", h.Name)
	}
	if slices.ContainsFunc(ownHeaders, func(own string) bool { return strings.EqualFold(h.Name, own) }) {
		return fmt.Errorf("gateway: the connect hook must not set %s: the gateway does", h.Name)
	}
	return nil
}

// applyAnswer sets what the hook says of a client whom it lets in, as commands of a
// worker would. Of one who is gone they have no effect.
func (g *Gateway) applyAnswer(ctx context.Context, id uint32, a *ConnectAnswer) error {
	execute := func(cmd gatewayprotocol.Command, ext []byte) error {
		_, err := g.Execute(ctx, gatewayprotocol.Message{Cmd: cmd, ConnectionID: id, Flag: gatewayprotocol.FlagBodyIsScalar, ExtData: ext})
		return err
	}
	var session []byte
	if a.Session != nil && a.Session.Len() > 0 {
		var err error
		if session, err = phpserialize.Marshal(a.Session); err != nil {
			return fmt.Errorf("gateway: the connect hook's session cannot be serialized: %w", err)
		}
	}
	if a.UID == "0" || slices.Contains(a.Groups, "") || slices.Contains(a.Groups, "0") {
		return errors.New(`gateway: the connect hook's uid or a group is "" or "0", which PHP counts as none`)
	}
	if a.UID != "" {
		if err := execute(gatewayprotocol.CmdBindUID, []byte(a.UID)); err != nil {
			return err
		}
	}
	for _, group := range a.Groups {
		if err := execute(gatewayprotocol.CmdJoinGroup, []byte(group)); err != nil {
			return err
		}
	}
	if session != nil {
		return execute(gatewayprotocol.CmdUpdateSession, session)
	}
	return nil
}
