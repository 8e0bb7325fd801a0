package chat

import (
	"bytes"
	"context"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/accept"
)

// Options configures a Server. Listener, Gateway and Logger are required.
type Options struct {
	// Listener is where the page is served; the Server closes it.
	Listener net.Listener
	// Gateway is where the page connects to, TLS says whether by wss.
	Gateway *net.TCPAddr
	TLS     bool

	// The cluster that the worker is part of.
	RegisterAddresses []string
	SecretKey         string

	// Origins are other pages that may use the worker: hosts, origins, or "*"
	// for all. The page's own always may.
	Origins []string
	// PageOnly leaves the messages to another worker, such as docs/chat/Events.php.
	PageOnly bool

	Logger logrus.FieldLogger
}

// A Server serves the page, and runs the worker.
type Server struct {
	ln     net.Listener
	http   *http.Server
	worker *businessworker.Worker // nil with PageOnly
	guard  *guard
	log    logrus.FieldLogger

	leaving sync.WaitGroup // requests under way, when another process has taken over
}

// New makes a Server.
func New(opts Options) (*Server, error) {
	log := opts.Logger.WithField("role", "chat")
	handler, err := newPage(opts.Gateway, opts.TLS)
	if err != nil {
		return nil, err
	}
	s := &Server{
		guard: newGuard(opts.Listener.Addr(), opts.Origins, log),
		ln: accept.Steady(opts.Listener, func(err error, pause time.Duration) {
			log.WithError(err).Warnf("cannot accept a connection, trying again in %v", pause)
		}),
		log: log,
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          stdlog.New(logWriter{log}, "", 0),
		},
	}
	if opts.PageOnly {
		return s, nil
	}
	// The process id keeps two chats on one machine from having the same key.
	s.worker, err = businessworker.New(s.guard, businessworker.Options{
		Name:              "chat",
		ID:                os.Getpid(),
		RegisterAddresses: opts.RegisterAddresses,
		SecretKey:         opts.SecretKey,
		Logger:            opts.Logger,
	})
	return s, err
}

// URL is where the page is.
func (s *Server) URL() string {
	a := *s.ln.Addr().(*net.TCPAddr)
	if a.IP.IsUnspecified() {
		a.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + a.String() + "/"
}

// Serve serves until Shutdown, Close or Standstill.Leave, and then returns nil. After
// TakeOver it goes on with what that has taken over.
func (s *Server) Serve() error {
	var worker sync.WaitGroup
	if s.worker != nil {
		worker.Go(func() { _ = s.worker.Run(context.Background()) }) // Shutdown tells how it ended
	}
	s.log.WithField("url", s.URL()).Info("chat is serving; open the url in a browser")
	err := s.http.Serve(s.ln)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	} else if s.worker != nil {
		_ = s.worker.Close()
	}
	worker.Wait()
	s.leaving.Wait()
	return err
}

// Shutdown stops in good order: what the worker has begun it ends, unless ctx
// ends before.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if s.worker != nil {
		err = errors.Join(err, s.worker.Shutdown(ctx))
	}
	return err
}

// Close ends everything at once.
func (s *Server) Close() error {
	err := s.http.Close()
	if s.worker != nil {
		err = errors.Join(err, s.worker.Close())
	}
	return err
}

// logWriter passes on what net/http logs.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(line []byte) (int, error) {
	w.log.Warn(string(bytes.TrimSpace(line)))
	return len(line), nil
}
