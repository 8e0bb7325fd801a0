package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
)

// tlsFiles are the files of TLS, and what was in them when they were last read.
type tlsFiles struct {
	cert, key, clientCA string // paths; key "" is in cert, clientCA "" is none
	current             atomic.Pointer[tls.Config]
}

// load reads the files. If one of them cannot be used, nothing changes, and the
// error is a *flagError, which names the file.
func (f *tlsFiles) load() error {
	certPEM, err := os.ReadFile(f.cert)
	if err != nil {
		return &flagError{"ssl-cert", f.cert, err.Error()}
	}
	keyPEM := certPEM
	if f.key != "" {
		if keyPEM, err = os.ReadFile(f.key); err != nil {
			return &flagError{"ssl-key", f.key, err.Error()}
		}
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		reason := err.Error()
		if f.key != "" {
			reason += " (with the key in " + f.key + ")"
		}
		return &flagError{"ssl-cert", f.cert, reason}
	}
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	if f.clientCA != "" {
		authorities, err := os.ReadFile(f.clientCA)
		if err != nil {
			return &flagError{"ssl-client-ca", f.clientCA, err.Error()}
		}
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(authorities) {
			return &flagError{"ssl-client-ca", f.clientCA, "no certificate in it"}
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	f.current.Store(config)
	return nil
}

// config returns the configuration of a server whose connections get what the
// files held when they were last read. Clients can resume sessions from before.
func (f *tlsFiles) config() *tls.Config {
	if f == nil {
		return nil
	}
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return f.current.Load(), nil
	}}
}

// adopt makes f what other is, for connections from now on.
func (f *tlsFiles) adopt(other *tlsFiles) {
	f.cert, f.key, f.clientCA = other.cert, other.key, other.clientCA
	f.current.Store(other.current.Load())
}

// fields are those of a log line that says which files are in use.
func (f *tlsFiles) fields() logrus.Fields {
	fields := logrus.Fields{"certificate": f.cert}
	if leaf := f.current.Load().Certificates[0].Leaf; leaf != nil {
		fields["not_after"] = leaf.NotAfter.UTC().Format(time.RFC3339)
	}
	if f.clientCA != "" {
		fields["client_ca"] = f.clientCA
	}
	return fields
}
