package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

// guard decides who may ask for what.
type guard struct {
	token   [sha256.Size]byte
	closed  bool // there is no token
	local   bool // the admin is for this machine alone
	log     logrus.FieldLogger
	limiter logging.Limiter
	bad     attempts
}

func newGuard(token string, ln net.Addr, log logrus.FieldLogger) *guard {
	a, ok := ln.(*net.TCPAddr)
	return &guard{token: sha256.Sum256([]byte(token)), closed: token == "", local: ok && a.IP.IsLoopback(), log: log}
}

// forHosts lets in requests to names of this machine, where the admin is for it
// alone. A page of another site can give its own name the address 127.0.0.1, and
// would then be of the same origin as the admin (DNS rebinding); the header Host
// still has that name.
func (g *guard) forHosts(h http.Handler) http.Handler {
	if !g.local {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.ToLower((&url.URL{Host: r.Host}).Hostname())
		if !isLoopback(host) && host != "localhost" && !strings.HasSuffix(host, ".localhost") {
			refuse(w, http.StatusMisdirectedRequest, "this admin is for this machine alone; ask for it as localhost or 127.0.0.1")
			return
		}
		h.ServeHTTP(w, r)
	})
}

// withToken lets in requests with the token.
func (g *guard) withToken(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.allow(w, r) {
			h(w, r)
		}
	})
}

// withTokenToChange is withToken for what changes something. A browser says with
// Origin and Sec-Fetch-Site which page asks; no other site's could send the token
// or this content type, and it is refused before either is looked at.
func (g *guard) withTokenToChange(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ofOwnPage(r) {
			refuse(w, http.StatusForbidden, "the page that asks is of another site")
			return
		}
		if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
			refuse(w, http.StatusUnsupportedMediaType, "want Content-Type: application/json")
			return
		}
		if g.allow(w, r) {
			h(w, r)
		}
	})
}

func ofOwnPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}

// allow reports whether a request has the token, and answers it if not.
func (g *guard) allow(w http.ResponseWriter, r *http.Request) bool {
	if g.closed {
		refuse(w, http.StatusForbidden, "this needs a token, and the gateway was started without one: set --admin-token-file")
		return false
	}
	from := source(r.RemoteAddr)
	if wait := g.bad.wait(from, time.Now()); wait > 0 {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, "too many bad tokens, try again later")
		return false
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	given := sha256.Sum256([]byte(token))
	if subtle.ConstantTimeCompare(given[:], g.token[:]) == 1 && ok {
		return true
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	if !ok {
		refuse(w, http.StatusUnauthorized, "this needs the token of --admin-token, as in Authorization: Bearer TOKEN")
		return false
	}
	g.bad.add(from, time.Now())
	g.limiter.Warn("bad token", g.log.WithField("remote", r.RemoteAddr), "a request to the admin has a bad token")
	refuse(w, http.StatusUnauthorized, "this is not the token")
	return false
}

// attempts are bad tokens by who sent them. Somebody has a burst of them, and one
// more each second; meanwhile no token is looked at, right or wrong, so that none
// can be found by trying.
type attempts struct {
	mu sync.Mutex // guards of
	of map[netip.Prefix]*attempt
}

type attempt struct {
	bad  int
	last time.Time // when bad was right
}

const (
	badTokens     = 10   // that are looked at at once
	badTokenPeers = 1024 // that are remembered
)

// wait returns how long a peer has to wait.
func (a *attempts) wait(from netip.Prefix, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.of[from]
	if p == nil {
		return 0
	}
	p.forget(now)
	if p.bad == 0 {
		delete(a.of, from)
	}
	if p.bad < badTokens {
		return 0
	}
	return p.last.Add(time.Second).Sub(now)
}

func (a *attempts) add(from netip.Prefix, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.of[from]
	if p == nil {
		if len(a.of) >= badTokenPeers {
			a.of = nil // many peers: those that were there get their burst again
		}
		if a.of == nil {
			a.of = make(map[netip.Prefix]*attempt)
		}
		p = &attempt{last: now}
		a.of[from] = p
	}
	p.forget(now)
	p.bad++
}

// forget forgives one bad token for each second.
func (p *attempt) forget(now time.Time) {
	seconds := int(now.Sub(p.last) / time.Second)
	p.bad = max(0, p.bad-seconds)
	p.last = p.last.Add(time.Duration(seconds) * time.Second)
}

// source is what stands for a peer: an IPv4 address, or a network of IPv6.
func source(remote string) netip.Prefix {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := a.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits)
	return prefix
}
