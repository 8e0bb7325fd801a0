package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// control is a unix socket through which other commands of this program reach the
// process: POST /reload. Who may open the socket may command the process; only the
// user that runs it can.
type control struct {
	ln   net.Listener
	http *http.Server
}

// controlReply is the answer to a command.
type controlReply struct {
	Error string `json:"error,omitempty"`
	// Moved says that another process has taken over meanwhile, which is to be asked.
	Moved   bool           `json:"moved,omitempty"`
	Reload  *reloadReport  `json:"reload,omitempty"`
	Upgrade *upgradeReport `json:"upgrade,omitempty"`
}

func (r *controlReply) set(err error) {
	if err != nil {
		r.Error, r.Moved = err.Error(), errors.Is(err, errMoved)
	}
}

func (r *controlReply) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(r)
}

const controlTimeout = 30 * time.Second

// openControl opens the socket at path.
func (p *process) openControl(path string) (*control, error) {
	ln, err := p.open("control-socket", path, func() (net.Listener, error) {
		ln, err := net.Listen("unix", path)
		if err != nil && abandoned(path) {
			_ = os.Remove(path)
			ln, err = net.Listen("unix", path)
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

// askControl sends a command to the process whose socket is at path, and asks
// again where another process has just taken its place.
func askControl(ctx context.Context, path, command string, limit time.Duration) (controlReply, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		reply, err := askControlOnce(ctx, path, command)
		if err != nil || !reply.Moved {
			return reply, err
		}
	}
}

func askControlOnce(ctx context.Context, path, command string) (controlReply, error) {
	var reply controlReply
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://control/"+command, nil)
	if err != nil {
		return reply, err
	}
	response, err := client.Do(request)
	if err != nil {
		return reply, fmt.Errorf("no process answers at %s: %w", path, err)
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
