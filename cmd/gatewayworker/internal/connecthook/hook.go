package connecthook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/sony/gobreaker/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

// The circuit: after so many failures in a row the endpoint is not asked for a
// while, and then about one client, whose answer decides.
const (
	circuitFailures = 10
	circuitOpen     = 5 * time.Second
)

// Options say which endpoint is asked, and how.
type Options struct {
	URL      string   // http or https; "" is none
	Token    string   // goes along as a bearer token; "" is none
	Gateway  string   // how the endpoint knows the gateway: its inner address
	Headers  []string // of the endpoint's answers, that clients get
	InFlight int      // connections to the endpoint at a time
	Logger   logrus.FieldLogger

	circuitOpen time.Duration // the constant, when it is 0
}

// same reports whether two endpoints are asked in the same way.
func (o *Options) same(p *Options) bool {
	return o.URL == p.URL && o.Token == p.Token && o.Gateway == p.Gateway && o.InFlight == p.InFlight && slices.Equal(o.Headers, p.Headers)
}

// A Hook asks an endpoint, which may change.
type Hook struct{ now atomic.Pointer[endpoint] }

// endpoint is an endpoint, with the connections to it.
type endpoint struct {
	opts    Options
	client  *http.Client
	circuit *gobreaker.CircuitBreaker[gateway.ConnectAnswer]
	told    gobreaker.State // of the circuit, as the log knows it
	limited logging.Limiter
}

// New checks the options. Nothing is asked yet.
func New(o Options) (*Hook, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	h := new(Hook)
	h.now.Store(newEndpoint(o))
	return h, nil
}

func newEndpoint(o Options) *endpoint {
	e := &endpoint{opts: o}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	e.client = &http.Client{
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			MaxConnsPerHost:        o.InFlight,
			MaxIdleConns:           o.InFlight,
			MaxIdleConnsPerHost:    o.InFlight,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	open := o.circuitOpen
	if open == 0 {
		open = circuitOpen
	}
	e.circuit = gobreaker.NewCircuitBreaker[gateway.ConnectAnswer](gobreaker.Settings{
		Timeout:     open,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= circuitFailures },
		// A client that goes while the endpoint is asked says nothing about it.
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, _, is gobreaker.State) { e.tellCircuit(is) },
	})
	return e
}

// Enabled reports whether there is an endpoint.
func (h *Hook) Enabled() bool { return h.now.Load().opts.URL != "" }

// Adopt has h ask the endpoint of another Hook from now on, if it is another one or
// asked in another way.
func (h *Hook) Adopt(other *Hook) {
	was, is := h.now.Load(), other.now.Load()
	if !was.opts.same(&is.opts) {
		h.now.Store(is)
		was.client.CloseIdleConnections()
	}
}

// CircuitOpen reports whether the endpoint is not asked for the time being.
func (h *Hook) CircuitOpen() bool {
	return h.now.Load().circuit.State() == gobreaker.StateOpen
}

// Close closes the connections that nobody uses.
func (h *Hook) Close() { h.now.Load().client.CloseIdleConnections() }

// Ask asks the endpoint about a client. It is a [gateway.ConnectHook].
func (h *Hook) Ask(ctx context.Context, r *gateway.ConnectRequest) (gateway.ConnectAnswer, error) {
	e := h.now.Load()
	if e.opts.URL == "" { // it was there when the client came
		return gateway.ConnectAnswer{}, nil
	}
	answer, err := e.circuit.Execute(func() (gateway.ConnectAnswer, error) { return e.ask(ctx, r) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		err = errNotAsked
	}
	return answer, err
}

var errNotAsked = fmt.Errorf("connect hook: the endpoint is not asked for some seconds: it has failed %d times in a row", circuitFailures)

// tellCircuit logs that the circuit has opened or closed. The circuit calls it, one
// call at a time.
func (e *endpoint) tellCircuit(is gobreaker.State) {
	if is == gobreaker.StateHalfOpen || is == e.told { // it is being tried, or was in vain
		return
	}
	e.told = is
	log := e.opts.Logger.WithField("url", e.redacted())
	if is == gobreaker.StateOpen {
		log.Warnf("the connect hook's endpoint has failed %d times in a row, and is asked again in some seconds", circuitFailures)
	} else {
		log.Info("the connect hook's endpoint answers again")
	}
}

// redacted is the URL for logs.
func (e *endpoint) redacted() string {
	u, err := url.Parse(e.opts.URL)
	if err != nil {
		return ""
	}
	u.RawQuery = ""
	return u.Redacted()
}

func (e *endpoint) ask(ctx context.Context, r *gateway.ConnectRequest) (gateway.ConnectAnswer, error) {
	req, err := e.request(ctx, r)
	if err != nil {
		return gateway.ConnectAnswer{}, err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return gateway.ConnectAnswer{}, e.failure(err)
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, resp.Body, maxRefusal) // so that the connection can be used again
		_ = resp.Body.Close()
	}()
	return e.answer(r, resp)
}

// failure is the error of a request, without the URL, which may have a secret.
func (e *endpoint) failure(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("connect hook: no answer of %s in time: %w", e.redacted(), err)
	}
	return fmt.Errorf("connect hook: cannot ask %s: %w", e.redacted(), err)
}

// OptionError says which option cannot be used, and why.
type OptionError struct{ Option, Value, Reason string }

func (e *OptionError) Error() string {
	return fmt.Sprintf("connect hook: %s %q: %s", e.Option, e.Value, e.Reason)
}

func (o *Options) check() error {
	if o.URL == "" {
		return nil
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" {
		return &OptionError{"URL", o.URL, "want http://host/path or https://host/path"}
	}
	if strings.ContainsFunc(o.Token, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return &OptionError{"Token", "", "has characters that a header cannot hold; openssl rand -hex 32 makes a good one"}
	}
	for _, name := range o.Headers {
		if !headerName(name) {
			return &OptionError{"Headers", name, "not the name of a header that a client can be sent"}
		}
	}
	return nil
}

// headerName reports whether a header can be copied to a client.
func headerName(name string) bool {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool {
		return c > '~' || c <= ' ' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	}) {
		return false
	}
	switch strings.ToLower(name) {
	case "connection", "upgrade", "content-length", "transfer-encoding", "sec-websocket-accept", "sec-websocket-version", "sec-websocket-extensions":
		return false // the gateway's own
	}
	return true
}
