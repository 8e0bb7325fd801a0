package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// ACMEOptions say from whom certificates are obtained, and for which names.
type ACMEOptions struct {
	Domains   []string
	Cache     string // folder that keeps the account and certificates
	Email     string // to which the authority may write
	Directory string // of the authority; "" is Let's Encrypt
	CA        string // PEM file: authorities of the directory's own certificate; "" is the system's
}

// ACME obtains certificates and renews them before they expire.
type ACME struct {
	opts    ACMEOptions
	manager *autocert.Manager

	mu    sync.Mutex // guards leafs
	leafs map[string]*x509.Certificate
}

// NewACME checks the options; it connects to nobody yet.
func NewACME(opts ACMEOptions) (*ACME, error) {
	client := &acme.Client{DirectoryURL: opts.Directory}
	if opts.CA != "" {
		text, err := os.ReadFile(opts.CA)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, errors.New(opts.CA + ": no certificate in it")
		}
		client.HTTPClient = &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{RootCAs: pool},
		}}
	}
	return &ACME{opts: opts, leafs: map[string]*x509.Certificate{}, manager: &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(opts.Cache),
		HostPolicy: autocert.HostWhitelist(opts.Domains...),
		Email:      opts.Email,
		Client:     client,
	}}, nil
}

// HTTPHandler answers the authority's question at port 80 (http-01). Everything
// else is not found.
func (a *ACME) HTTPHandler() http.Handler { return a.manager.HTTPHandler(http.NotFoundHandler()) }

// configFor returns the configuration for a client, which has what base says of
// clients' certificates.
func (a *ACME) configFor(hello *tls.ClientHelloInfo, base *tls.Config) *tls.Config {
	if slices.Contains(hello.SupportedProtos, acme.ALPNProto) { // the authority, asking (tls-alpn-01)
		return &tls.Config{GetCertificate: a.certificate, NextProtos: []string{acme.ALPNProto}}
	}
	return &tls.Config{GetCertificate: a.certificate, ClientCAs: base.ClientCAs, ClientAuth: base.ClientAuth}
}

// certificate returns that for a client, obtaining it if need be. A client that
// asks for no name gets the first domain's.
func (a *ACME) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if hello.ServerName == "" {
		named := *hello
		named.ServerName = a.opts.Domains[0]
		hello = &named
	}
	cert, err := a.manager.GetCertificate(hello)
	if err == nil && cert.Leaf != nil && !slices.Contains(hello.SupportedProtos, acme.ALPNProto) {
		a.mu.Lock()
		a.leafs[strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))] = cert.Leaf
		a.mu.Unlock()
	}
	return cert, err
}

// Obtain has the certificates of all domains obtained, or found in the cache, so
// that no client has to wait for them. It returns the first error; the others are
// obtained all the same.
func (a *ACME) Obtain(ctx context.Context) error {
	var errs []error
	for _, domain := range a.opts.Domains {
		if ctx.Err() != nil {
			break
		}
		_, err := a.certificate(&tls.ClientHelloInfo{
			ServerName: domain,
			// What every browser offers, so that it is the certificate that browsers get.
			CipherSuites:     []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
			SignatureSchemes: []tls.SignatureScheme{tls.ECDSAWithP256AndSHA256},
			SupportedCurves:  []tls.CurveID{tls.CurveP256},
		})
		if err != nil {
			errs = append(errs, &FileError{Path: domain, Err: err})
		}
	}
	return errors.Join(errs...)
}

func (a *ACME) certificates() []Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Certificate
	for _, domain := range a.opts.Domains {
		if leaf := a.leafs[strings.ToLower(domain)]; leaf != nil {
			all = append(all, Certificate{domain, leaf})
		}
	}
	return all
}
