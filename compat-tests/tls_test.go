package compattests

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// testCertificate is a self-signed certificate for 127.0.0.1; it serves as
// server certificate, client certificate and client CA.
var testCertificate = sync.OnceValue(func() (pair struct{ cert, key []byte }) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"gateway.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		panic(err)
	}
	pair.cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pair.key = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
	return pair
})

type tlsPaths struct{ cert, key, ca string }

// tlsFiles writes the certificate into dir.
func tlsFiles(dir string) (tlsPaths, error) {
	p := tlsPaths{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), ca: filepath.Join(dir, "cert.pem")}
	if err := os.WriteFile(p.cert, testCertificate().cert, 0o600); err != nil {
		return p, err
	}
	return p, os.WriteFile(p.key, testCertificate().key, 0o600)
}

// clientTLS is a client's side: it trusts the certificate and shows it when asked.
func clientTLS(cfg gatewayConfig) *tls.Config {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(testCertificate().cert)
	conf := &tls.Config{RootCAs: pool, ServerName: "gateway.test"}
	if cfg.ClientCA {
		pair, err := tls.X509KeyPair(testCertificate().cert, testCertificate().key)
		if err != nil {
			panic(err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return conf
}
