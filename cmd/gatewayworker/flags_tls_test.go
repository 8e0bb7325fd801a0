package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/certs"
)

// selfSigned makes a certificate for "gateway" that is its own authority.
func selfSigned(t *testing.T) (certPEM, keyPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway"}, DNSNames: []string{"gateway"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// handshake lets a client and a server meet; the error is the server's.
func handshake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if c, err := tls.Dial("tcp", ln.Addr().String(), client); err == nil {
			_, _ = c.Read(make([]byte, 1)) // the end, or the server's refusal
			c.Close()
		}
	}()
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	err = tls.Server(nc, server).Handshake()
	nc.Close()
	<-done
	return err
}

func TestTLSConfig(t *testing.T) {
	cert, key := selfSigned(t)
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certFile, keyFile := file("cert.pem", cert), file("key.pem", key)
	both := file("both.pem", append(append([]byte{}, cert...), key...))

	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	anonymous := &tls.Config{RootCAs: pool, ServerName: "gateway"}
	known := &tls.Config{RootCAs: pool, ServerName: "gateway", Certificates: []tls.Certificate{pair}}

	for name, args := range map[string][]string{
		"two files": {"--transport", "ssl", "--ssl-cert", certFile, "--ssl-key", keyFile},
		"one file":  {"--transport", "ssl", "--ssl-cert", both},
	} {
		config, err := parse(t, tlsFlags(), certificatesOf, args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := handshake(t, tlsConfig(config), anonymous); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}

	config, err := parse(t, tlsFlags(), certificatesOf, "--transport", "ssl", "--ssl-cert", both, "--ssl-client-ca", certFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := handshake(t, tlsConfig(config), known); err != nil {
		t.Errorf("client with a certificate: %v", err)
	}
	if err := handshake(t, tlsConfig(config), anonymous); err == nil {
		t.Error("a client without a certificate was let in")
	}

	if config, err := parse(t, tlsFlags(), certificatesOf); err != nil || tlsConfig(config) != nil {
		t.Errorf("without flags: %v, %v; want plain TCP", config, err)
	}
	var bad *flagError
	if _, err := parse(t, tlsFlags(), certificatesOf, "--transport", "ssl", "--ssl-cert", both, "--ssl-client-ca", keyFile); !errors.As(err, &bad) || bad.flag != "ssl-client-ca" {
		t.Errorf("authorities without a certificate: %v", err)
	}
}

// Clients resume their sessions after the files were read again.
func TestTLSSessionsOutliveReading(t *testing.T) {
	cert, key := selfSigned(t)
	both := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(both, append(cert, key...), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := parse(t, tlsFlags(), certificatesOf, "--transport", "ssl", "--ssl-cert", both)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", tlsConfig(files))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("x"))
			c.Close()
		}
	}()
	client := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for _, resumed := range []bool{false, true, true} {
		c, err := tls.Dial("tcp", ln.Addr().String(), client)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != nil { // the ticket comes before
			t.Fatal(err)
		}
		if got := c.ConnectionState().DidResume; got != resumed {
			t.Errorf("resumed: %v, want %v", got, resumed)
		}
		c.Close()
		again, err := certs.Load(files.Loaded().Files)
		if err != nil {
			t.Fatal(err)
		}
		files.Adopt(again)
	}
}
