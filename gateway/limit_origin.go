package gateway

import (
	"net/url"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// noOrigin is the entry of Options.Origins for requests without the header.
const noOrigin = "none"

// checkOrigins refuses entries that could never match.
func checkOrigins(check *options.Checker, origins []string) {
	for _, o := range origins {
		if o == "*" || o == noOrigin || o == "null" {
			continue
		}
		_, host := splitOrigin(o)
		host = strings.TrimPrefix(host, "*.")
		if u, err := url.Parse("http://" + host); err != nil || u.Host != host || host == "" || strings.ContainsAny(host, "*@?#/ ") {
			check.Refuse("Origins", o, "use an origin as https://example.com, a host as example.com or *.example.com, * for all, or none for requests without Origin")
		}
	}
}

// splitOrigin returns the scheme with "://", "" if there is none, and the rest.
func splitOrigin(o string) (scheme, host string) {
	if i := strings.Index(o, "://"); i >= 0 {
		return o[:i+3], o[i+3:]
	}
	return "", o
}

// originAllowed reports whether a request with this Origin, "" for none, may make a
// websocket. Browsers always send one.
func originAllowed(origins []string, origin string) bool {
	origin = strings.ToLower(origin)
	scheme, host := splitOrigin(origin)
	for _, allowed := range origins {
		allowed = strings.ToLower(allowed)
		switch {
		case origin == "":
			if allowed == noOrigin {
				return true
			}
			continue
		case allowed == "*" || allowed == origin:
			return true
		case scheme == "":
			continue // "null", and what no browser sends
		}
		s, pattern := splitOrigin(allowed)
		if s != "" && s != scheme {
			continue
		}
		name := host
		if s == "" && !strings.Contains(pattern, ":") { // a bare host is meant with any port
			name = (&url.URL{Host: host}).Hostname()
		}
		if suffix, wild := strings.CutPrefix(pattern, "*"); wild && strings.HasSuffix(name, suffix) && len(name) > len(suffix) || name == pattern {
			return true
		}
	}
	return false
}
