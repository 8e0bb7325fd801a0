package certs

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// authority is an ACME authority (RFC 8555) that asks for one kind of proof. It
// does not look at signatures: that they are right is crypto/acme's business.
type authority struct {
	t      *testing.T
	server *httptest.Server
	proof  string                                          // http-01 or tls-alpn-01
	prove  func(domain, token string) (ok bool, err error) // asks for it
	valid  time.Duration                                   // of certificates

	key  crypto.Signer
	cert *x509.Certificate

	mu     sync.Mutex // guards what follows
	nonces int
	orders []*order
}

type order struct {
	domain      string
	proven      bool
	failed      bool
	certificate []byte // DER
}

func newAuthority(t *testing.T, proof string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, proof: proof, key: key, valid: 90 * 24 * time.Hour}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	a.server = httptest.NewServer(a)
	t.Cleanup(a.server.Close)
	return a
}

// issued is how many certificates were given out.
func (a *authority) issued() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, o := range a.orders {
		if o.certificate != nil {
			n++
		}
	}
	return n
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.nonces++
	w.Header().Set("Replay-Nonce", fmt.Sprintf("nonce%d", a.nonces))
	a.mu.Unlock()
	var request struct{ Payload string }
	if r.Method == http.MethodPost {
		text, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(text, &request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	payload, err := base64.RawURLEncoding.DecodeString(request.Payload)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	url := a.server.URL
	kind, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var n int
	_, _ = fmt.Sscan(rest, &n)
	answer := func(status int, location string, v any) {
		w.Header().Set("Content-Type", "application/json")
		if location != "" {
			w.Header().Set("Location", url+location)
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	switch kind {
	case "directory":
		answer(200, "", map[string]string{"newNonce": url + "/nonce", "newAccount": url + "/account", "newOrder": url + "/order"})
	case "nonce":
	case "account":
		answer(201, "/account/1", map[string]string{"status": "valid"})
	case "order":
		if rest == "" {
			var asked struct{ Identifiers []struct{ Value string } }
			if err := json.Unmarshal(payload, &asked); err != nil || len(asked.Identifiers) != 1 {
				http.Error(w, "want one name", http.StatusBadRequest)
				return
			}
			a.mu.Lock()
			n = len(a.orders)
			a.orders = append(a.orders, &order{domain: asked.Identifiers[0].Value})
			a.mu.Unlock()
			answer(201, fmt.Sprintf("/order/%d", n), a.order(n))
			return
		}
		answer(200, "", a.order(n))
	case "authz":
		a.mu.Lock()
		o := a.orders[n]
		status := map[bool]string{false: "pending", true: "valid"}[o.proven]
		if o.failed {
			status = "invalid"
		}
		a.mu.Unlock()
		answer(200, "", map[string]any{
			"status": status, "identifier": map[string]string{"type": "dns", "value": o.domain},
			"challenges": []any{a.challenge(n, status)},
		})
	case "challenge":
		a.mu.Lock()
		o := a.orders[n]
		a.mu.Unlock()
		ok, err := a.prove(o.domain, token(n))
		if err != nil {
			a.t.Errorf("asking for the proof: %v", err)
		}
		a.mu.Lock()
		o.proven, o.failed = ok, !ok
		a.mu.Unlock()
		answer(200, "", a.challenge(n, map[bool]string{false: "invalid", true: "valid"}[ok]))
	case "finalize":
		var asked struct{ CSR string }
		if err := json.Unmarshal(payload, &asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := a.issue(n, asked.CSR); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		answer(200, fmt.Sprintf("/order/%d", n), a.order(n))
	case "certificate":
		a.mu.Lock()
		defer a.mu.Unlock()
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: a.orders[n].certificate})
	default:
		http.NotFound(w, r)
	}
}

func token(n int) string { return fmt.Sprintf("token%d", n) }

func (a *authority) challenge(n int, status string) map[string]string {
	return map[string]string{"type": a.proof, "url": fmt.Sprintf("%s/challenge/%d", a.server.URL, n), "token": token(n), "status": status}
}

func (a *authority) order(n int) map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.orders[n]
	v := map[string]any{
		"status": "pending", "identifiers": []any{map[string]string{"type": "dns", "value": o.domain}},
		"authorizations": []string{fmt.Sprintf("%s/authz/%d", a.server.URL, n)}, "finalize": fmt.Sprintf("%s/finalize/%d", a.server.URL, n),
	}
	switch {
	case o.certificate != nil:
		v["status"], v["certificate"] = "valid", fmt.Sprintf("%s/certificate/%d", a.server.URL, n)
	case o.proven:
		v["status"] = "ready"
	}
	return v
}

// issue signs a certificate.
func (a *authority) issue(n int, text string) error {
	der, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return err
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.orders[n]
	if !o.proven || !slices.Equal(csr.DNSNames, []string{o.domain}) {
		return fmt.Errorf("no proof for %q", csr.DNSNames)
	}
	o.certificate, err = x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(int64(n) + 2), DNSNames: csr.DNSNames,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(a.valid),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, a.cert, csr.PublicKey, a.key)
	return err
}

// proveHTTP asks a handler as an authority asks port 80.
func proveHTTP(h http.Handler) func(domain, token string) (bool, error) {
	return func(domain, token string) (bool, error) {
		r := httptest.NewRequest(http.MethodGet, "http://"+domain+"/.well-known/acme-challenge/"+token, nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code == 200 && strings.HasPrefix(w.Body.String(), token+"."), nil
	}
}

// acmeIdentifier marks the certificate that proves (RFC 8737).
var acmeIdentifier = []int{1, 3, 6, 1, 5, 5, 7, 1, 31}

// proveALPN asks a server as an authority asks port 443.
func proveALPN(dial func(*tls.Config) (tls.ConnectionState, error)) func(domain, token string) (bool, error) {
	return func(domain, _ string) (bool, error) {
		state, err := dial(&tls.Config{ServerName: domain, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
		if err != nil || state.NegotiatedProtocol != "acme-tls/1" {
			return false, err
		}
		return slices.ContainsFunc(state.PeerCertificates[0].Extensions, func(e pkix.Extension) bool { return e.Id.Equal(acmeIdentifier) }), nil
	}
}
