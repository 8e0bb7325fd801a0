package chat

import (
	"bytes"
	"context"
	"errors"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
)

// Options configures a Server. Everything is required but SecretKey.
type Options struct {
	// Listener is where the page is served; the Server closes it.
	Listener net.Listener
	// Gateway is where the page connects to, TLS says whether by wss.
	Gateway *net.TCPAddr
	TLS     bool

	// The cluster that the worker is part of.
	RegisterAddresses []string
	SecretKey         string

	Logger logrus.FieldLogger
}

// A Server serves the page, and runs the worker.
type Server struct {
	ln     net.Listener
	http   *http.Server
	worker *businessworker.Worker
	log    logrus.FieldLogger
}

// New makes a Server.
func New(opts Options) (*Server, error) {
	log := opts.Logger.WithField("role", "chat")
	// The process id keeps two chats on one machine from having the same key.
	worker, err := businessworker.New(Events{}, businessworker.Options{
		Name:              "chat",
		ID:                os.Getpid(),
		RegisterAddresses: opts.RegisterAddresses,
		SecretKey:         opts.SecretKey,
		Logger:            opts.Logger,
	})
	if err != nil {
		return nil, err
	}
	handler, err := newPage(opts.Gateway, opts.TLS)
	if err != nil {
		return nil, err
	}
	return &Server{
		ln:     opts.Listener,
		worker: worker,
		log:    log,
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          stdlog.New(logWriter{log}, "", 0),
		},
	}, nil
}

// URL is where the page is.
func (s *Server) URL() string {
	a := *s.ln.Addr().(*net.TCPAddr)
	if a.IP.IsUnspecified() {
		a.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + a.String() + "/"
}

// Serve serves until Shutdown or Close, and then returns nil.
func (s *Server) Serve() error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.worker.Run(context.Background()) // what goes wrong with the end is told by Shutdown
	}()
	s.log.WithField("url", s.URL()).Info("chat is serving; open the url in a browser")
	err := s.http.Serve(s.ln)
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	} else {
		_ = s.worker.Close()
	}
	<-ended
	return err
}

// Shutdown ends what the worker has begun, unless ctx ends before.
func (s *Server) Shutdown(ctx context.Context) error {
	return errors.Join(s.http.Shutdown(ctx), s.worker.Shutdown(ctx))
}

// Close ends everything at once.
func (s *Server) Close() error {
	return errors.Join(s.http.Close(), s.worker.Close())
}

// logWriter passes on what net/http logs.
type logWriter struct{ log logrus.FieldLogger }

func (w logWriter) Write(line []byte) (int, error) {
	w.log.Warn(string(bytes.TrimSpace(line)))
	return len(line), nil
}
