package admin

import (
	"bytes"
	"context"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/internal/accept"
)

// Options configures a Server. Listener, Observed and Logger are required.
type Options struct {
	// Listener is where the admin is served; the Server closes it.
	Listener net.Listener
	Observed Observed
	// Token opens what names clients and what changes something; without one that
	// stays closed.
	Token string
	// ShowToken has the log line with the page's address carry the token.
	ShowToken bool
	Version   string
	// Drain begins to send the clients away, unless that is under way already; Drained
	// says how far it is, and false if it has not begun. Both are nil where there is
	// nothing to drain.
	Drain   func(DrainRequest) error
	Drained func() (DrainState, bool)
	// Reload reads the configuration again, as SIGHUP does, and returns what came of
	// it, for JSON. It may be nil.
	Reload func() (any, error)
	Logger *logrus.Logger
}

// A Server serves the admin of a process.
type Server struct {
	ln      net.Listener
	http    *http.Server
	samples *sampler
	log     logrus.FieldLogger
	token   string // to be logged
}

// New makes a Server, which counts log lines from now on.
func New(opts Options) *Server {
	log := opts.Logger.WithField("role", "admin")
	ring := new(logRing)
	opts.Logger.AddHook(ring)
	s := &Server{
		ln: accept.Steady(opts.Listener, func(err error, pause time.Duration) {
			log.WithError(err).Warnf("cannot accept a connection, trying again in %v", pause)
		}),
		log:     log,
		samples: newSampler(&opts.Observed),
	}
	if opts.ShowToken {
		s.token = opts.Token
	}
	s.http = &http.Server{
		Handler:           newHandler(&opts, ring, s.samples, log),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute, // profiles take a while
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          stdlog.New(logWriter{log}, "", 0),
	}
	return s
}

// URL is where the page is. What stands behind # stays in the browser.
func (s *Server) URL() string {
	a := *s.ln.Addr().(*net.TCPAddr)
	if a.IP.IsUnspecified() {
		a.IP = net.IPv4(127, 0, 0, 1)
	}
	if s.token != "" {
		return "http://" + a.String() + "/#token=" + s.token
	}
	return "http://" + a.String() + "/"
}

// Serve serves until Shutdown or Close, and then returns nil.
func (s *Server) Serve() error {
	ctx, stop := context.WithCancel(context.Background())
	sampled := make(chan struct{})
	go func() {
		defer close(sampled)
		s.samples.run(ctx)
	}()
	s.log.WithField("url", s.URL()).Info("admin is serving: metrics at /metrics, health at /healthz and /readyz, a page at /")
	err := s.http.Serve(s.ln)
	stop()
	<-sampled
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// Shutdown stops when the requests at hand are answered, unless ctx ends before.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Close ends everything at once.
func (s *Server) Close() error { return s.http.Close() }

// logWriter passes on what net/http logs.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(line []byte) (int, error) {
	w.log.Warn(string(bytes.TrimSpace(line)))
	return len(line), nil
}
