package businessworker

import "context"

// A Handler is the business code: PHP's Events class. Its methods about one
// client are called one after another, in the order of what happened; those about
// different clients run at the same time, in goroutines of the worker.
//
// A type that implements [StartHandler], [ConnectHandler],
// [WebSocketConnectHandler], [CloseHandler] or [StopHandler] as well is called
// for those events, too.
//
// The context ends when the worker is closed, or when its graceful stop runs
// out of time. An error returned is logged with the client id; the client is
// not told. A panic is contained: it is logged with the client id and a stack,
// the event is over, its session is not written back, and the worker goes on.
type Handler interface {
	// OnMessage is called when a client has sent a message (Events::onMessage).
	// msg may be kept and must not be changed. It shares its memory with other
	// events: to keep a short message for long, clone it.
	OnMessage(ctx context.Context, e *Event, msg []byte) error
}

// A StartHandler is called when the worker starts, before it connects to
// gateways. An error keeps it from starting (Events::onWorkerStart).
type StartHandler interface {
	OnStart(ctx context.Context, w *Worker) error
}

// A ConnectHandler is called when a client has connected (Events::onConnect).
// A websocket client has not said anything then; see
// [WebSocketConnectHandler].
type ConnectHandler interface {
	OnConnect(ctx context.Context, e *Event) error
}

// A WebSocketConnectHandler is called when a client has sent its websocket
// handshake, before the gateway answers it (Events::onWebSocketConnect). It is
// the place to check who the client is, and to close it if need be.
type WebSocketConnectHandler interface {
	OnWebSocketConnect(ctx context.Context, e *Event, hs *Handshake) error
}

// A CloseHandler is called when a client is gone, whichever side has ended the
// connection (Events::onClose). The client is already out of its groups and unbound from
// its uid. The session can be read; changes to it go nowhere.
type CloseHandler interface {
	OnClose(ctx context.Context, e *Event) error
}

// A StopHandler is called when the worker stops gracefully, once all events have
// been handled or the time for that is over; see [Worker.Shutdown]. Until it
// returns, Worker.Gateway can be used (Events::onWorkerStop).
type StopHandler interface {
	OnStop(ctx context.Context, w *Worker) error
}

// MessageFunc is a [Handler] made of a function.
type MessageFunc func(ctx context.Context, e *Event, msg []byte) error

// OnMessage calls f.
func (f MessageFunc) OnMessage(ctx context.Context, e *Event, msg []byte) error {
	return f(ctx, e, msg)
}

// callbacks are the methods that a handler has.
type callbacks struct {
	message          func(context.Context, *Event, []byte) error
	start            func(context.Context, *Worker) error
	connect          func(context.Context, *Event) error
	webSocketConnect func(context.Context, *Event, *Handshake) error
	closed           func(context.Context, *Event) error
	stop             func(context.Context, *Worker) error
}

func callbacksOf(h Handler) callbacks {
	c := callbacks{message: h.OnMessage}
	if h, ok := h.(StartHandler); ok {
		c.start = h.OnStart
	}
	if h, ok := h.(ConnectHandler); ok {
		c.connect = h.OnConnect
	}
	if h, ok := h.(WebSocketConnectHandler); ok {
		c.webSocketConnect = h.OnWebSocketConnect
	}
	if h, ok := h.(CloseHandler); ok {
		c.closed = h.OnClose
	}
	if h, ok := h.(StopHandler); ok {
		c.stop = h.OnStop
	}
	return c
}
