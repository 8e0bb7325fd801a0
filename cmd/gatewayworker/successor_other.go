//go:build !linux

package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// successor is a process that takes the place of another one, which there is on
// Linux only.
type successor struct{}

func successorFromEnvironment() (*successor, error) { return nil, nil }

func (*successor) agree() error                     { return nil }
func (*successor) refuse(error)                     {}
func (*successor) served() bool                     { return true }
func (*successor) prepared([]string) error          { return nil }
func (*successor) offers(string) bool               { return false }
func (*successor) port(string, string) net.Listener { return nil }

// catchStops has SIGINT and SIGTERM come by p.stops.
func (p *process) catchStops() { signal.Notify(p.stops, os.Interrupt, syscall.SIGTERM) }

func (p *process) takeRegister(registerServer) (net.Addr, error) { return nil, nil }

func (s registerServer) serveTakenOver() error { return register.ErrServerClosed }

func (p *process) takeChat(chatServer) error { return nil }

func (p *process) takeGateways() error { return nil }

func (p *process) succeed() error { return nil }

func (p *process) watchUpgrades(context.Context) {}

func (p *process) upgradeFor(string, upgradeOptions) (*upgradeReport, error) {
	return nil, errors.New("a running process can be replaced on Linux only")
}

func (s gatewayServer) serveTakenOver() error { return gateway.ErrServerClosed }
