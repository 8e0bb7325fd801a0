package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/urfave/cli/v2"
)

// tlsFlags are PHP's transport and the ssl context of a Worker.
func tlsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "transport", Category: categoryTLS, Usage: "tcp, or ssl for TLS to clients", Value: "tcp", EnvVars: env("transport")},
		&cli.StringFlag{Name: "ssl-cert", Category: categoryTLS, Usage: "PEM `FILE` with the certificate and its chain (PHP: local_cert)", EnvVars: env("ssl-cert"), TakesFile: true},
		&cli.StringFlag{Name: "ssl-key", Category: categoryTLS, Usage: "PEM `FILE` with the private key; default: the one in ssl-cert (PHP: local_pk)", EnvVars: env("ssl-key"), TakesFile: true},
		&cli.StringFlag{Name: "ssl-client-ca", Category: categoryTLS, Usage: "PEM `FILE`: clients need a certificate of one of these authorities (PHP: cafile with verify_peer)", EnvVars: env("ssl-client-ca"), TakesFile: true},
	}
}

// tlsConfig reads tlsFlags; nil is plain TCP.
func tlsConfig(c *cli.Context) (*tls.Config, error) {
	switch transport := c.String("transport"); transport {
	case "ssl":
	case "tcp":
		for _, name := range []string{"ssl-cert", "ssl-key", "ssl-client-ca"} {
			if c.String(name) != "" {
				return nil, &flagError{name, c.String(name), "needs --transport ssl"}
			}
		}
		return nil, nil
	default:
		return nil, &flagError{"transport", transport, "want tcp or ssl"}
	}
	certFile, keyFile := c.String("ssl-cert"), c.String("ssl-key")
	if certFile == "" {
		return nil, &flagError{"ssl-cert", "", "required by --transport ssl"}
	}
	if keyFile == "" {
		keyFile = certFile
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, &flagError{"ssl-cert", certFile, err.Error()}
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	caFile := c.String("ssl-client-ca")
	if caFile == "" {
		return config, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, &flagError{"ssl-client-ca", caFile, err.Error()}
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, &flagError{"ssl-client-ca", caFile, "no certificate in it"}
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}
