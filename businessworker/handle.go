package businessworker

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/sirupsen/logrus"
)

// handle runs one event of a client; see BusinessWorker::onGatewayMessage.
func (w *Worker) handle(c *clientState, e *Event) {
	s := &e.session
	s.begin(e, c)
	err := w.callHandler(e)
	w.stats.events.Add(1)
	if err == nil {
		err = s.Save(w.ctx)
	} else if errors.Is(err, errPanicked) {
		return
	} else {
		err = errors.Join(err, s.Save(w.ctx))
	}
	if err == nil && s.err != nil {
		err = fmt.Errorf("session: %w", s.err)
	}
	if err != nil {
		w.stats.errors.Add(1)
		w.log.WithError(err).WithFields(logrus.Fields{"client_id": e.ClientID().String(), "event": e.msg.Cmd.String()}).
			Error("handler failed")
	}
}

var errPanicked = errors.New("panic")

func (w *Worker) callHandler(e *Event) (err error) {
	defer w.contain("handler", e, &err)
	switch e.msg.Cmd {
	case gatewayprotocol.CmdOnMessage:
		return w.call.message(w.ctx, e, e.msg.Body)
	case gatewayprotocol.CmdOnConnect:
		if w.call.connect != nil {
			return w.call.connect(w.ctx, e)
		}
	case gatewayprotocol.CmdOnClose:
		if w.call.closed != nil {
			return w.call.closed(w.ctx, e)
		}
	case gatewayprotocol.CmdOnWebSocketConnect:
		if w.call.webSocketConnect != nil {
			hs, err := decodeHandshake(&e.msg)
			if err != nil {
				return err
			}
			return w.call.webSocketConnect(w.ctx, e, hs)
		}
	}
	return nil
}

// start runs OnStart.
func (w *Worker) start() (err error) {
	if w.call.start == nil {
		return nil
	}
	defer w.contain("OnStart", nil, &err)
	return w.call.start(w.ctx, w)
}

// callStop runs OnStop.
func (w *Worker) callStop(ctx context.Context) (err error) {
	if w.call.stop == nil {
		return nil
	}
	defer w.contain("OnStop", nil, &err)
	return w.call.stop(ctx, w)
}

// contain makes an error of a panic. It must be deferred.
func (w *Worker) contain(what string, e *Event, err *error) {
	r := recover()
	if r == nil {
		return
	}
	w.stats.panics.Add(1)
	log := w.log.WithField("stack", string(debug.Stack()))
	if e != nil {
		log = log.WithFields(logrus.Fields{"client_id": e.ClientID().String(), "event": e.msg.Cmd.String()})
	}
	log.Errorf("panic in %s: %v", what, r)
	*err = fmt.Errorf("businessworker: %w in %s: %v", errPanicked, what, r)
}

// callers are the functions that call the methods of a Handler.
var callers = []string{
	funcName((*Worker).callHandler), funcName((*Worker).start), funcName((*Worker).callStop),
}

func funcName(f any) string { return runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name() }

// inHandler reports whether the calling goroutine runs a method of a Handler, of
// this Worker or of another one: what waits until handlers have returned would
// wait for itself there. The goroutine's stack is what tells, since a handler may
// call with any context.
func inHandler() bool {
	pcs := make([]uintptr, 64)
	n := runtime.Callers(2, pcs)
	for n == len(pcs) {
		pcs = make([]uintptr, 2*len(pcs))
		n = runtime.Callers(2, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		if slices.Contains(callers, f.Function) {
			return true
		}
		if !more {
			return false
		}
	}
}
