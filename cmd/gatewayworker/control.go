package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
)

// control is a unix socket through which other commands of this program reach the
// process: POST /reload, POST and GET /drain. Who may open the socket may command the process; only the
// user that runs it can.
type control struct {
	ln   net.Listener
	http *http.Server
}

// controlReply is the answer to a command.
type controlReply struct {
	Error string `json:"error,omitempty"`
	// Moved says that another process has taken over meanwhile, which is to be asked.
	Moved   bool              `json:"moved,omitempty"`
	Reload  *reloadReport     `json:"reload,omitempty"`
	Upgrade *upgradeReport    `json:"upgrade,omitempty"`
	Drain   *admin.DrainState `json:"drain,omitempty"` // nil before the first drain
}

func (r *controlReply) set(err error) {
	if err != nil {
		r.Error, r.Moved = err.Error(), errors.Is(err, errMoved)
	}
}

// write sends all of the reply: the process may end next.
func (r *controlReply) write(w http.ResponseWriter) {
	text, err := json.Marshal(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text)
	_ = http.NewResponseController(w).Flush()
}

const controlTimeout = 30 * time.Second

// openControl opens the socket at path.
func (p *process) openControl(path string) (*control, error) {
	ln, err := p.open("control-socket", path, func() (net.Listener, error) {
		ln, err := listenPrivate(path)
		if err != nil && abandoned(path) {
			_ = os.Remove(path)
			ln, err = listenPrivate(path)
		}
		return ln, err
	})
	if err != nil {
		return nil, &flagError{"control-socket", path, err.Error()}
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close()
		return nil, &flagError{"control-socket", path, err.Error()}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reload", func(w http.ResponseWriter, _ *http.Request) {
		var reply controlReply
		report, err := p.reloadFor("reload")
		if reply.set(err); err == nil {
			reply.Reload = &report
		}
		reply.write(w)
	})
	mux.HandleFunc("POST /upgrade", func(w http.ResponseWriter, r *http.Request) {
		var reply controlReply
		report, err := p.upgradeFor("upgrade", upgradeOptionsOf(r.URL.Query()))
		reply.Upgrade = report
		reply.set(err)
		reply.write(w)
	})
	mux.HandleFunc("POST /drain", func(w http.ResponseWriter, r *http.Request) {
		var reply controlReply
		stop, err := p.drainFor(r.Body)
		reply.set(err)
		reply.Drain = p.drainState()
		reply.write(w)
		if stop {
			p.stopAsSignalled()
		}
	})
	mux.HandleFunc("GET /drain", func(w http.ResponseWriter, _ *http.Request) {
		reply := controlReply{Drain: p.drainState()}
		reply.write(w)
	})
	return &control{ln, &http.Server{Handler: mux, ReadHeaderTimeout: controlTimeout}}, nil
}

// abandoned reports whether a socket is left over of a process that is gone.
func abandoned(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return false
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		_ = c.Close()
	}
	return err != nil && !errors.Is(err, os.ErrPermission)
}

func (s *control) Serve() error {
	if err := s.http.Serve(s.ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Shutdown does not wait for commands: they end with the process.
func (s *control) Shutdown(context.Context) error { return s.http.Close() }

// leave lets commands end: the one that brings the process to leave is among them.
func (s *control) leave(ctx context.Context) error { return s.http.Shutdown(ctx) }

func (s *control) Close() error { return s.http.Close() }

// drainFor does what the request of a drain command asks for, but the stop, which is
// the caller's if it is wanted.
func (p *process) drainFor(body io.Reader) (stop bool, err error) {
	var ask admin.DrainRequest
	if err := json.NewDecoder(io.LimitReader(body, 4<<10)).Decode(&ask); err != nil {
		return false, err
	}
	if err := ask.Check(); err != nil {
		return false, err
	}
	stop, ask.Stop = ask.Stop, false
	err = p.drain(ask)
	return stop && err == nil, err
}

// drainState is that of the last drain, nil before the first.
func (p *process) drainState() *admin.DrainState {
	if state, ever := p.drained(); ever {
		return &state
	}
	return nil
}

// askControl sends a command to the process whose socket is at path, a POST of ask
// in JSON or a GET where ask is nil, and asks again where another process has just
// taken its place.
func askControl(ctx context.Context, path, command string, ask any, limit time.Duration) (controlReply, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		reply, err := askControlOnce(ctx, path, command, ask)
		if err != nil || !reply.Moved {
			return reply, err
		}
	}
}

func askControlOnce(ctx context.Context, path, command string, ask any) (controlReply, error) {
	var reply controlReply
	method, body := http.MethodGet, []byte(nil)
	if ask != nil {
		method = http.MethodPost
		var err error
		if body, err = json.Marshal(ask); err != nil {
			return reply, err
		}
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, method, "http://control/"+command, bytes.NewReader(body))
	if err != nil {
		return reply, err
	}
	response, err := client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // its URL is nothing that anybody knows
		}
		return reply, &noProcessError{path, err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return reply, err
	}
	if response.StatusCode != http.StatusOK {
		return reply, fmt.Errorf("%s: the process does not know %s: %s", path, command, response.Status)
	}
	return reply, json.Unmarshal(text, &reply)
}

// noProcessError says that nobody is at the other end of a control socket.
type noProcessError struct {
	path  string
	cause error
}

func (e *noProcessError) Error() string {
	return fmt.Sprintf("no process answers at %s: %v", e.path, e.cause)
}
func (e *noProcessError) Unwrap() error { return e.cause }
