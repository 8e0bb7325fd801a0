package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/register"
)

const categoryOutput = "Output"

// clusterFlags say which cluster client and status talk to.
func clusterFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringSliceFlag{Name: "register-address", Category: categoryCluster, Usage: "`HOST:PORT` of a Register; of several the first that answers is asked (default: " + gatewayclient.DefaultRegisterAddress + ")", EnvVars: env("register-address")},
		&cli.StringSliceFlag{Name: "gateway-address", Category: categoryCluster, Usage: "inner `IP:PORT` of a gateway, its lan-ip and start-port; no Register is asked then", EnvVars: env("gateway-address")},
		secondsFlag("timeout", categoryCluster, "how long a Register or gateway may take for an answer: seconds or a duration", 5*time.Second),
	}, secretKeyFlags()...)
}

func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", Category: categoryOutput, Usage: "print JSON", EnvVars: env("json")},
		&cli.BoolFlag{Name: "verbose", Category: categoryOutput, Usage: "log to stderr what goes on"},
	}
}

// cluster is what clusterFlags say.
type cluster struct {
	registers, fixed []string // fixed: the gateways, if the flags name them
	secretKey        string
	timeout          time.Duration
	log              *logrus.Logger
}

func clusterOf(c *cli.Context) (*cluster, error) {
	key, err := secretKeyOf(c)
	if err != nil {
		return nil, err
	}
	cl := &cluster{
		registers: c.StringSlice("register-address"),
		fixed:     c.StringSlice("gateway-address"),
		secretKey: key,
		timeout:   secondsOf(c, "timeout"),
		log:       logrus.New(),
	}
	cl.log.SetOutput(io.Discard)
	if c.Bool("verbose") {
		cl.log.SetOutput(c.App.ErrWriter)
		cl.log.SetLevel(logrus.DebugLevel)
	}
	if len(cl.registers) == 0 {
		cl.registers = []string{gatewayclient.DefaultRegisterAddress}
	}
	for _, addr := range cl.registers {
		if err := checkRegisterAddress(addr); err != nil {
			return nil, &codedError{exitUsage, err}
		}
	}
	for _, addr := range cl.fixed {
		if _, err := gatewayprotocol.ParseGatewayAddress(addr); err != nil {
			return nil, &codedError{exitUsage, &flagError{"gateway-address", addr, "want an IPv4 address and a port, as in 127.0.0.1:2900"}}
		}
	}
	if cl.timeout == 0 {
		return nil, &codedError{exitUsage, &flagError{"timeout", "0", "want a time"}}
	}
	return cl, nil
}

// gateways returns the inner addresses of the cluster's gateways.
func (cl *cluster) gateways(ctx context.Context) ([]string, error) {
	if len(cl.fixed) > 0 {
		return cl.fixed, nil
	}
	list, err := cl.lookup(ctx, cl.registers...)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, gatewayclient.ErrNoGateways
	}
	return list, nil
}

// lookup asks Registers for the gateways.
func (cl *cluster) lookup(ctx context.Context, registers ...string) ([]string, error) {
	texts, err := register.Lookup(ctx, register.ClientOptions{
		RegisterAddresses: registers,
		SecretKey:         cl.secretKey,
		Logger:            cl.log,
		ConnectTimeout:    cl.timeout,
		QueryTimeout:      cl.timeout,
	})
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		if _, err := gatewayprotocol.ParseGatewayAddress(text); err != nil {
			return nil, fmt.Errorf("register: the gateway address %q: %w", text, err)
		}
	}
	return texts, nil
}

// options are those of a Client for the gateways.
func (cl *cluster) options(gateways []string) gatewayclient.Options {
	return gatewayclient.Options{
		Gateways:       gateways,
		SecretKey:      cl.secretKey,
		ConnectTimeout: cl.timeout,
		QueryTimeout:   cl.timeout,
		SendTimeout:    cl.timeout,
		Logger:         cl.log,
	}
}

// readMessage returns the text of an argument, or what stdin has for "-".
func readMessage(c *cli.Context, arg string) ([]byte, error) {
	if arg != "-" {
		return []byte(arg), nil
	}
	msg, err := io.ReadAll(io.LimitReader(c.App.Reader, gatewayprotocol.MaxPackageSize+1))
	if err != nil {
		return nil, fmt.Errorf("stdin: %w", err)
	}
	if len(msg) > gatewayprotocol.MaxPackageSize {
		return nil, errors.New("stdin: more than a message may have")
	}
	return msg, nil
}
