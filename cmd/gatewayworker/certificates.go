package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/certs"
)

// expiryWarning is how long before its end a certificate is warned of.
const expiryWarning = 14 * 24 * time.Hour

// tlsConfig is that of s, nil for plain TCP.
func tlsConfig(s *certs.Server) *tls.Config {
	if s == nil {
		return nil
	}
	return s.TLS()
}

// certificateServers are those of all listeners that speak TLS.
func (p *process) certificateServers() []*certs.Server {
	var all []*certs.Server
	for _, u := range p.units {
		for _, s := range u.tls {
			if s != nil {
				all = append(all, s)
			}
		}
	}
	return all
}

// certificates are those in use, over all listeners.
func (p *process) certificates() []certs.Certificate {
	var all []certs.Certificate
	for _, s := range p.certificateServers() {
		all = append(all, s.Certificates()...)
	}
	return all
}

// watchCertificates reads files of TLS again when they have changed, has missing
// certificates obtained, and warns of those that expire, until ctx ends.
func (p *process) watchCertificates(ctx context.Context, interval time.Duration) {
	servers := p.certificateServers()
	if len(servers) == 0 {
		return
	}
	var all sync.WaitGroup
	defer all.Wait()
	for _, s := range servers {
		if s.ACME() != nil {
			all.Go(func() { p.obtainCertificates(ctx, s.ACME()) })
		}
	}
	all.Go(func() { p.warnOfExpiry(ctx) })
	if interval <= 0 {
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	told := map[*certs.Server]string{} // the error that the log has
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, s := range servers {
			told[s] = p.refreshCertificates(s, told[s])
		}
	}
}

// refreshCertificates looks at the files of one server. It returns the error, ""
// for none, that the log has of it.
func (p *process) refreshCertificates(s *certs.Server, told string) string {
	p.reloading.Lock()
	defer p.reloading.Unlock()
	was := s.Certificates()
	changed, err := s.Refresh()
	switch {
	case err != nil && err.Error() != told:
		p.log.WithError(err).Warn("a file of TLS has changed and cannot be used; the certificate in use stays")
		return err.Error()
	case err != nil:
		return told
	case changed:
		// Of several those that are new; all, if it is the authorities of clients.
		is, fields := s.Certificates(), certificateFields(s)
		isNew := func(i int) bool { return i >= len(was) || !was[i].Leaf.Equal(is[i].Leaf) }
		some := false
		for i := range is {
			some = some || isNew(i)
		}
		for i, f := range fields {
			if !some || isNew(i) {
				p.log.WithFields(f).Info("the certificate has changed, for connections from now on")
			}
		}
	}
	return ""
}

// obtainRetry is the pause after certificates could not be obtained: authorities
// count attempts, and refuse who makes too many.
const obtainRetry = 10 * time.Minute

// obtainCertificates has the certificates of ACME obtained, so that no client waits
// for them.
func (p *process) obtainCertificates(ctx context.Context, a *certs.ACME) {
	for {
		err := a.Obtain(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		p.log.WithError(err).Warnf("no certificate could be obtained; trying again in %v", obtainRetry)
		select {
		case <-ctx.Done():
			return
		case <-time.After(obtainRetry):
		}
	}
}

// warnOfExpiry warns once a day of certificates that are about to expire.
func (p *process) warnOfExpiry(ctx context.Context) {
	for {
		for _, c := range p.certificates() {
			if left := time.Until(c.Leaf.NotAfter); left < expiryWarning {
				log := p.log.WithFields(logrus.Fields{"certificate": c.Name, "not_after": c.Leaf.NotAfter.UTC().Format(time.RFC3339)})
				if left <= 0 {
					log.Error("the certificate has expired")
				} else {
					log.Warn("the certificate expires soon")
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(24 * time.Hour):
		}
	}
}

// certificateFields are those of log lines that say which certificates are in use.
func certificateFields(s *certs.Server) []logrus.Fields {
	var all []logrus.Fields
	for _, c := range s.Certificates() {
		fields := logrus.Fields{"certificate": c.Name, "not_after": c.Leaf.NotAfter.UTC().Format(time.RFC3339)}
		if len(c.Leaf.DNSNames) > 0 {
			fields["names"] = strings.Join(c.Leaf.DNSNames, ",")
		}
		if ca := s.Loaded().ClientCA; ca != "" {
			fields["client_ca"] = ca
		}
		all = append(all, fields)
	}
	return all
}

// acmeServer answers an authority's question at port 80.
type acmeServer struct {
	ln   net.Listener
	http *http.Server
}

// openACME opens the ports at which authorities ask.
func (p *process) openACME() (servers []server, err error) {
	for _, u := range p.units {
		for i, sc := range append([]*scope{u.scope}, u.scope.listeners...) {
			addr := sc.String("acme-http-listen")
			if addr == "" || u.tls[i] == nil || u.tls[i].ACME() == nil {
				continue
			}
			ln, err := p.open(sc.name+"acme-http-listen", addr, func() (net.Listener, error) { return net.Listen("tcp", addr) })
			if err != nil {
				return servers, sc.blame(&flagError{"acme-http-listen", addr, err.Error()})
			}
			servers = append(servers, acmeServer{ln, &http.Server{Handler: u.tls[i].ACME().HTTPHandler(), ReadTimeout: controlTimeout}})
		}
	}
	return servers, nil
}

func (s acmeServer) Serve() error {
	if err := s.http.Serve(s.ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s acmeServer) Shutdown(context.Context) error { return s.http.Close() }

func (s acmeServer) Close() error { return s.http.Close() }
