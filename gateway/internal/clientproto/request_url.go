package clientproto

import "strings"

// phpURLQuery returns the query that PHP's parse_url(uri) finds, control
// characters replaced by "_" as it does; "" if there is none or if parse_url
// refuses the URI.
//
// The query is what stands between the first "?" and the first "#". What takes
// more to tell is where the part begins in which these are looked for, and
// which URIs are refused: the URI of a request may be absolute or start with
// "//", and PHP takes much for a host and port that is none.
func phpURLQuery(uri string) string {
	rest, ok := phpURLAfterAuthority(uri)
	if !ok {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	_, query, _ := strings.Cut(rest, "?")
	for i := range len(query) {
		if isControl(query[i]) {
			b := []byte(query)
			for j := i; j < len(b); j++ {
				if isControl(b[j]) {
					b[j] = '_'
				}
			}
			return string(b)
		}
	}
	return query
}

// phpURLAfterAuthority returns the path, query and fragment of a URI. It
// reports false if parse_url fails.
func phpURLAfterAuthority(uri string) (string, bool) {
	colon := strings.IndexByte(uri, ':')
	relative := strings.HasPrefix(uri, "//") // a host without a scheme
	if colon < 0 {
		if relative {
			return phpURLAfterHost(uri[2:], false)
		}
		return uri, true
	}
	after := uri[colon+1:]
	if colon == 0 {
		return phpURLWithPort(uri, after)
	}
	if !isScheme(uri[:colon]) {
		// Not a scheme: a port if it stands before the query.
		end := strings.IndexAny(uri, "?#")
		if after != "" && (end < 0 || colon < end) {
			return phpURLWithPort(uri, after)
		}
		if relative {
			return phpURLAfterHost(uri[2:], false)
		}
		return uri, true
	}
	if after == "" {
		return "", true // only a scheme
	}
	if after[0] != '/' {
		// "host:80" or "mailto:me@host"
		digits := countDigits(after, 6)
		if digits < 6 && (digits == len(after) || after[digits] == '/') {
			return phpURLWithPort(uri, after)
		}
		return after, true
	}
	if !strings.HasPrefix(after, "//") {
		return after, true
	}
	if strings.EqualFold(uri[:colon], "file") && strings.HasPrefix(after, "///") {
		return after[2:], true
	}
	return phpURLAfterHost(after[2:], false)
}

// phpURLWithPort takes a URI whose first colon, before after, may separate a
// port.
func phpURLWithPort(uri, after string) (string, bool) {
	relative := strings.HasPrefix(uri, "//")
	digits := countDigits(after, 6)
	switch {
	case digits > 0 && digits < 6 && (digits == len(after) || after[digits] == '/'):
		port := 0
		for _, c := range after[:digits] {
			port = port*10 + int(c-'0')
		}
		if port > 65535 {
			return "", false
		}
		if relative {
			uri = uri[2:]
		}
		return phpURLAfterHost(uri, port != 0)
	case after == "":
		return "", false
	case relative:
		return phpURLAfterHost(uri[2:], false)
	default:
		return uri, true
	}
}

// phpURLAfterHost takes s, which starts with user, host and port, and returns
// what follows them.
func phpURLAfterHost(s string, portKnown bool) (string, bool) {
	end := strings.IndexAny(s, "/?#")
	if end < 0 {
		end = len(s)
	}
	host, rest := s[:end], s[end:]
	host = host[strings.LastIndexByte(host, '@')+1:]
	if !(strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")) {
		if colon := strings.LastIndexByte(host, ':'); colon >= 0 {
			if port := host[colon+1:]; !portKnown && (len(port) > 5 || port != "" && !isPort(port)) {
				return "", false
			}
			host = host[:colon]
		}
	}
	return rest, host != ""
}

// isPort reports what PHP accepts after a host, by means of strtol: blanks, a
// sign, digits up to 65535, then anything.
func isPort(s string) bool {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	digits := countDigits(s, len(s))
	port := 0
	for _, c := range s[:digits] {
		port = port*10 + int(c-'0')
	}
	return digits > 0 && port <= 65535 && (!negative || port == 0)
}

func isScheme(s string) bool {
	for i := range len(s) {
		switch c := lowerASCII(s[i]); {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}

// countDigits returns how many of the first limit bytes of s are digits before
// another byte comes.
func countDigits(s string, limit int) int {
	n := 0
	for n < len(s) && n < limit && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func isControl(c byte) bool { return c < 0x20 || c == 0x7f }
