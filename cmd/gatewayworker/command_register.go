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
			if err := p.successor.prepared(nil); err != nil {
				return err
			}
			ln, err := p.openRegister(c)
			if err != nil {
				return err
			}
			s, err := p.newRegisterServer(c, "listen", ln)
			if err != nil {
				_ = ln.Close()
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

// openRegister opens the port at --listen, unless the master has opened it.
func (p *process) openRegister(c *cli.Context) (net.Listener, error) {
	if p.master.listens() {
		return p.open("listen", c.String("listen"), func() (net.Listener, error) { return p.master.listen(c.String("listen")) })
	}
	return p.listenRegister(c, "listen")
}

// registerServer is a Register that has its port.
type registerServer struct {
	*register.Server
	ln  net.Listener
	log *logrus.Logger
}

// newRegisterServer makes the Register whose address the flag listen has.
func (p *process) newRegisterServer(c *cli.Context, listen string, ln net.Listener) (registerServer, error) {
	allow, err := networksOf(c, "register-allow")
	if err != nil {
		return registerServer{}, err
	}
	if a, ok := ln.Addr().(*net.TCPAddr); ok && p.master == nil { // a PHP program's own choice stays
		if err := checkSecretKey(c, listen, a.AddrPort().Addr().Unmap(), allow); err != nil {
			return registerServer{}, err
		}
	}
	s, err := register.NewServer(register.Options{SecretKey: c.String("secret-key"), Allow: allow, Logger: p.log})
	return registerServer{s, ln, p.log}, err
}

func (s registerServer) Serve() error {
	s.log.WithFields(logrus.Fields{"role": "register", "listen": s.ln.Addr().String()}).Info("register is serving")
	if err := s.Server.Serve(s.ln); !errors.Is(err, register.ErrServerClosed) {
		return err
	}
	return nil
}
