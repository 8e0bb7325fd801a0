package compattests

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// ours is this project's implementation, in the process of the tests.
type golang struct{ handshakeData gateway.HandshakeData }

var ours implementation = golang{}

func (golang) name() string { return "Go" }

// logger writes to a file of the stage, which a failure shows the end of.
func (s *stage) logger(role string) *logrus.Logger {
	dir, err := os.MkdirTemp(s.dir, role)
	s.check(err)
	file, err := os.Create(filepath.Join(dir, role+".log"))
	s.check(err)
	s.cleanup(func() { file.Close() })
	log := logrus.New()
	log.SetOutput(file)
	return log
}

func (g golang) startGateway(s *stage, cfg gatewayConfig, listen, innerPort int) (func(), error) {
	opts := gateway.Options{
		Listen:                 cfg.Listen + "://" + net.JoinHostPort(cfg.host(), strconv.Itoa(listen)),
		LanIP:                  cfg.LanIP,
		StartPort:              innerPort,
		InnerListen:            cfg.InnerListen,
		RegisterAddresses:      cfg.Registers,
		SecretKey:              cfg.SecretKey,
		PingInterval:           cfg.PingInterval,
		PingNotResponseLimit:   cfg.PingNotResponseLimit,
		PingData:               cfg.PingData,
		SendToClientBufferSize: cfg.SendToClientBufferSize,
		SendToWorkerBufferSize: cfg.SendToWorkerBufferSize,
		BinaryFrames:           cfg.Binary,
		HandshakeData:          g.handshakeData,
		Logger:                 s.logger("gateway"),
	}
	if cfg.Random {
		opts.Router = gateway.RouterRandom
	}
	if cfg.TLS {
		pair, err := tls.X509KeyPair(testCertificate().cert, testCertificate().key)
		if err != nil {
			return nil, err
		}
		opts.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		if cfg.ClientCA {
			opts.TLS.ClientCAs = x509.NewCertPool()
			opts.TLS.ClientCAs.AppendCertsFromPEM(testCertificate().cert)
			opts.TLS.ClientAuth = tls.RequireAndVerifyClientCert
		}
	}
	gw, err := gateway.New(opts)
	if err != nil {
		return nil, err
	}
	client, err := net.Listen("tcp", net.JoinHostPort(cfg.host(), strconv.Itoa(listen)))
	if err != nil {
		return nil, err
	}
	innerIP := cfg.LanIP
	if cfg.InnerListen != "" {
		innerIP = cfg.InnerListen
	}
	inner, err := net.Listen("tcp", net.JoinHostPort(innerIP, strconv.Itoa(innerPort)))
	if err != nil {
		client.Close()
		return nil, err
	}
	return s.serve(func() error { return gw.Serve(client, inner) }, gateway.ErrServerClosed, gw.Close), nil
}

func (golang) startRegister(s *stage, port int, secretKey string) (func(), error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	server, err := register.NewServer(register.Options{SecretKey: secretKey, Logger: s.logger("register")})
	if err != nil {
		return nil, err
	}
	return s.serve(func() error { return server.Serve(l) }, register.ErrServerClosed, server.Close), nil
}

// serve runs a server; the function it returns closes it and waits for its end.
func (s *stage) serve(run func() error, closed error, stop func() error) func() {
	done := make(chan error, 1)
	go func() { done <- run() }()
	return func() {
		if err := stop(); err != nil {
			s.tb.Errorf("close: %v", err)
		}
		if err := <-done; !errors.Is(err, closed) {
			s.tb.Errorf("serve: %v", err)
		}
	}
}
