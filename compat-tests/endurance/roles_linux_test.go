package endurance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// What the processes are started with, and what they say when they serve.
type (
	gatewayConfig struct {
		Register string
		Key      string
		Files    uint64 // how many may be open; 0: as many as here
	}
	gatewayReady struct{ Client, Secure, Inner string } // addresses; Secure is for clients with TLS
	workerConfig struct {
		Name, Register, Key string
	}
)

// logger writes to stderr, which the test keeps the end of.
func logger() *logrus.Logger {
	l := logrus.New()
	l.SetLevel(logrus.WarnLevel)
	return l
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

func playGateway(text json.RawMessage) (any, func() any, error) {
	var c gatewayConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, nil, err
	}
	if c.Files > 0 {
		limit := unix.Rlimit{Cur: c.Files, Max: c.Files}
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return nil, nil, err
		}
	}
	opts := gateway.Options{
		Listen: "websocket://127.0.0.1:0", RegisterAddresses: []string{c.Register}, SecretKey: c.Key, Logger: logger(),
	}
	opts.Listeners = []gateway.Listener{{Listen: opts.Listen, TLS: serverTLS()}}
	g, err := gateway.New(opts)
	if err != nil {
		return nil, nil, err
	}
	var ls [3]net.Listener
	for i := range ls {
		if ls[i], err = listen(); err != nil {
			return nil, nil, err
		}
	}
	go func() {
		fmt.Fprintln(os.Stderr, "the gateway has ended:", g.ServeAll(ls[0], ls[1], ls[2]))
		os.Exit(1)
	}()
	ready := gatewayReady{Inner: ls[0].Addr().String(), Client: ls[1].Addr().String(), Secure: ls[2].Addr().String()}
	return ready, func() any { return g.Stats() }, nil
}

// serverTLS is a configuration with a certificate that no authority signed.
func serverTLS() *tls.Config {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func playRegister(text json.RawMessage) (any, func() any, error) {
	var key string
	if err := json.Unmarshal(text, &key); err != nil {
		return nil, nil, err
	}
	s, err := register.NewServer(register.Options{SecretKey: key, Logger: logger()})
	if err != nil {
		return nil, nil, err
	}
	l, err := listen()
	if err != nil {
		return nil, nil, err
	}
	go func() {
		fmt.Fprintln(os.Stderr, "the Register has ended:", s.Serve(l))
		os.Exit(1)
	}()
	return l.Addr().String(), func() any { return s.Stats() }, nil
}

func playWorker(text json.RawMessage) (any, func() any, error) {
	var c workerConfig
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, nil, err
	}
	w, err := businessworker.New(echoHandler{}, businessworker.Options{
		Name: c.Name, RegisterAddresses: []string{c.Register}, SecretKey: c.Key, Logger: logger(),
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	go func() {
		err := w.Run(ctx)
		if ctx.Err() != nil { // it was to stop
			stop()
			os.Exit(0)
		}
		fmt.Fprintln(os.Stderr, "the worker has ended:", err)
		os.Exit(1)
	}()
	return nil, func() any { return w.Stats() }, nil
}
