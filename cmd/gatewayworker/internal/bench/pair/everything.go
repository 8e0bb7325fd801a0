package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const secretKey = "a key of pair"

// everything is a configuration with all that operators can switch on and that does
// not change what clients get. PORT0 is the clients', PORT1 the inner one, PORT2 the
// admin's, PORT3 the Register's, which is not there, PORT4 that of a listener with
// TLS, whose files are watched.
const everything = `
control-socket: DIR/control.sock
log-format: json
secret-key-file: DIR/key
lan-ip: 127.0.0.1
register-address: 127.0.0.1:PORT3
admin-listen: 127.0.0.1:PORT2
admin-token: 0123456789abcdef
inner-allow: [127.0.0.0/8]
connection-id-start: clock
ping-interval: 55
ping-not-response-limit: 10
compression: true
websocket-protocol: [chat]
handshake-timeout: 10s
trusted-proxies: [127.0.0.0/8]
proxy-header: X-Forwarded-For
origins: [none, example.com, "*.example.com"]
max-clients: 1000000
max-clients-per-address: 1000000
max-connects-per-second: 1000000
max-connects-per-second-per-address: 1000000
max-messages-per-second: 10000
max-bytes-per-second: 100000000
max-message-size: 1000000
identify-timeout: 1h
user-timeout: 60s
drain-time: 60s
ssl-watch: 1s
gateways:
  - name: everything
    listen: websocket://127.0.0.1:PORT0
    start-port: PORT1
    listeners:
      - listen: websocket://127.0.0.1:PORT4
        transport: ssl
        ssl-cert: DIR/cert.pem
`

// writeEverything writes the configuration and the files that it names.
func writeEverything(dir string, ports []string) (file string, err error) {
	change := []string{"DIR", dir}
	for i, port := range ports {
		change = append(change, "PORT"+string(rune('0'+i)), port)
	}
	certificate, err := newCertificate()
	if err != nil {
		return "", err
	}
	file = filepath.Join(dir, "everything.yaml")
	for path, text := range map[string][]byte{
		file:                           []byte(strings.NewReplacer(change...).Replace(everything)),
		filepath.Join(dir, "key"):      []byte(secretKey + "\n"),
		filepath.Join(dir, "cert.pem"): certificate,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", err
		}
	}
	return file, nil
}

// newCertificate returns a certificate and its key.
func newCertificate() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(100 * 24 * time.Hour),
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}
