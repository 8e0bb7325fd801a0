package main

import (
	"errors"
	"net"
	"slices"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
	"github.com/go-gatewayworker/gatewayworker/register"
)

func registerCommand() *cli.Command {
	return &cli.Command{
		Name:        "register",
		Usage:       "run a Register: where gateways and workers find each other",
		Description: "Gateways announce their addresses here, and workers and GatewayClients get the list." + servingHelp,
		Flags:       slices.Concat([]cli.Flag{registerListenFlag("listen", "l")}, secretKeyFlags(), []cli.Flag{registerAllowFlag(), allowNoSecretKeyFlag()}, adminFlags(""), processFlags()),
		Action: func(c *cli.Context) error {
			p, err := newProcess(c)
			if err != nil {
				return err
			}
			if p.master.checks() {
				_, err := register.NewServer(register.Options{SecretKey: c.String("secret-key")})
				return err
			}
			if err := p.successor.prepared(registerParts(c, "listen")); err != nil {
				return err
			}
			s, err := p.openRegister(c, "listen")
			if err != nil {
				return err
			}
			a, err := p.openAdmin(c)
			if err != nil {
				return err
			}
			observed := admin.Observed{Register: &admin.Register{Server: s.Server, Listen: c.String("listen")}}
			return p.serve(p.withAdmin(a, observed, []server{s})...)
		},
	}
}

// registerPart begins the name of a Register between two processes, which has its
// address: workers and gateways know the Register by it.
const registerPart = "register "

// registerParts are the names of the process's Register between two processes.
func registerParts(c *cli.Context, listen string) []string {
	return []string{registerPart + c.String(listen)}
}

// registerServer is a Register that has its port.
type registerServer struct {
	*register.Server
	ln   net.Listener // nil where another process has had it
	addr net.Addr
	log  *logrus.Logger
	name string // between two processes, see mover
}

// openRegister opens the Register whose address the flag listen has, or takes it
// over from the process before. The master may have opened its port.
func (p *process) openRegister(c *cli.Context, listen string) (s registerServer, err error) {
	s = registerServer{log: p.log, name: registerPart + c.String(listen)}
	allow, err := networksOf(c, "register-allow")
	if err != nil {
		return s, err
	}
	if s.Server, err = register.NewServer(register.Options{SecretKey: c.String("secret-key"), Allow: allow, Logger: p.log}); err != nil {
		return s, err
	}
	switch {
	case p.successor.offers(s.name):
		s.addr, err = p.takeRegister(s)
	case p.master.listens():
		s.ln, err = p.master.listen(c.String(listen))
	default:
		s.ln, err = listenRegister(c, listen)
	}
	if err != nil {
		return s, err
	}
	if s.ln != nil {
		s.addr = s.ln.Addr()
	}
	if a, ok := s.addr.(*net.TCPAddr); ok && p.master == nil { // a PHP program's own choice stays
		err = checkSecretKey(c, listen, a.AddrPort().Addr().Unmap(), allow)
	}
	if err != nil && s.ln != nil {
		_ = s.ln.Close()
	}
	return s, err
}

func (s registerServer) Serve() error {
	if s.ln == nil {
		return s.serveTakenOver()
	}
	s.log.WithFields(logrus.Fields{"role": "register", "listen": s.ln.Addr().String()}).Info("register is serving")
	if err := s.Server.Serve(s.ln); !errors.Is(err, register.ErrServerClosed) {
		return err
	}
	return nil
}
