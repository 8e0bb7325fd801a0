package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
)

// categoryAdmin is the category of adminFlags.
const categoryAdmin = "Admin"

// defaultAdminListen is where start serves the admin: for this machine alone.
const defaultAdminListen = "127.0.0.1:8081"

// minAdminToken is the length from which on a token is none to be guessed.
const minAdminToken = 16

// adminFlags are those of every command that serves. listen is where the admin is
// unless a flag says otherwise, "" for nowhere.
func adminFlags(listen string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "admin-listen", Category: categoryAdmin, Usage: "`HOST:PORT` of the admin: /metrics, /healthz, /readyz, and a page; empty or off is none", Value: listen, EnvVars: env("admin-listen")},
		&cli.StringFlag{Name: "admin-token", Category: categoryAdmin, Usage: "`TOKEN` for what names clients and what changes something; without one that stays closed", EnvVars: env("admin-token")},
		&cli.StringFlag{Name: "admin-token-file", Category: categoryAdmin, Usage: "`FILE` that has the token, in place of admin-token", EnvVars: env("admin-token-file")},
	}
}

// adminServer is the admin, or nothing where it is off.
type adminServer struct {
	ln    net.Listener
	token string
	shown bool // the token is no secret from who reads the log
}

// openAdmin opens the port that the flags ask for; it returns nil for none. The
// caller closes it with close unless it is served.
func (p *process) openAdmin(c *cli.Context) (*adminServer, error) {
	token, err := adminToken(c)
	if err != nil {
		return nil, err
	}
	addr := c.String("admin-listen")
	if addr == "" || addr == "off" {
		return nil, nil
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, &flagError{"admin-listen", addr, "want host:port, as in " + defaultAdminListen + ", or off"}
	}
	ln, err := p.open("admin-listen", addr, func() (net.Listener, error) { return net.Listen("tcp", addr) })
	switch {
	case errors.Is(err, syscall.EADDRINUSE) && !c.IsSet("admin-listen"):
		p.log.WithField("role", "admin").Infof("no admin: %s is in use; choose another --admin-listen", addr)
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("admin: %w (choose another --admin-listen, or off)", err)
	}
	a := &adminServer{ln: ln, token: token}
	if token == "" && ln.Addr().(*net.TCPAddr).IP.IsLoopback() && isTerminal(os.Stderr) {
		// Who starts it by hand is to see everything with one click.
		a.token, a.shown = rand.Text(), true
	}
	return a, nil
}

// adminToken returns the token that the flags give, "" for none.
func adminToken(c *cli.Context) (string, error) {
	token, flag := c.String("admin-token"), "admin-token"
	if file := c.String("admin-token-file"); file != "" {
		if token != "" {
			return "", &flagError{"admin-token-file", file, "there is --admin-token too; give one of them"}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return "", &flagError{"admin-token-file", file, err.Error()}
		}
		token, flag = string(bytes.TrimSpace(text)), "admin-token-file"
		if token == "" {
			return "", &flagError{flag, file, "there is no token in it"}
		}
	}
	if token != "" && len(token) < minAdminToken {
		return "", &flagError{flag: flag, reason: fmt.Sprintf("the token has %d characters, want at least %d, as openssl rand -hex 16 makes them", len(token), minAdminToken)}
	}
	return token, nil
}

// withAdmin adds the admin, if there is one, behind the servers that it shows: it
// is the last to stop, and tells until then that the others are not ready.
func (p *process) withAdmin(a *adminServer, observed admin.Observed, servers []server) []server {
	if a == nil {
		return servers
	}
	observed.Certificates = p.shownCertificates
	opts := admin.Options{
		Listener:  a.ln,
		Observed:  observed,
		Token:     a.token,
		ShowToken: a.shown,
		Version:   version(),
		Reload:    func() (any, error) { return p.reloadFor("the admin") },
		Logger:    p.log,
	}
	if len(p.gateways) > 0 {
		opts.Drain, opts.Drained = p.drain, p.drained
	}
	return append(servers, admin.New(opts))
}

// stopAsSignalled stops the process as SIGTERM does; a second one stops it at once.
func (p *process) stopAsSignalled() {
	select {
	case p.stops <- syscall.SIGTERM:
	default: // enough signals wait
	}
}

// observedGateways is how the admin shows the gateways of the process.
func (p *process) observedGateways() []admin.Gateway {
	var all []admin.Gateway
	for i, g := range p.gateways {
		opts := p.units[i].opts
		listeners := []admin.Listener{{Listen: opts.Listen, TLS: opts.TLS != nil}}
		for _, l := range opts.Listeners {
			listeners = append(listeners, admin.Listener{Listen: l.Listen, TLS: l.TLS != nil})
		}
		all = append(all, admin.Gateway{Gateway: g.Gateway, Name: p.units[i].scope.title, Listeners: listeners, CircuitOpen: p.units[i].hook.CircuitOpen})
	}
	return all
}

// shownCertificates are those in use, for the admin.
func (p *process) shownCertificates() []admin.Certificate {
	var all []admin.Certificate
	for _, c := range p.certificates() {
		all = append(all, admin.Certificate{Name: c.Name, Leaf: c.Leaf})
	}
	return all
}

var _ server = (*admin.Server)(nil)
