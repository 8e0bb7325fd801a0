package clientproto

import (
	"slices"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// handshakeHeader is one header: its name in lower case, and the values of all
// lines of that name joined by commas.
type handshakeHeader struct{ name, value string }

// headerList holds headers with different names in the order in which these
// first appeared: a small PHP array.
type headerList struct {
	headers []handshakeHeader
	index   map[string]int // where names are, once there are many
}

// manyHeaders is how many names are searched one by one, which is
// quicker than a map for the dozen that a client sends.
const manyHeaders = 32

// find returns where the header of that name is, -1 if it is not there.
func (l *headerList) find(name string) int {
	if l.index != nil {
		if i, ok := l.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range l.headers {
		if l.headers[i].name == name {
			return i
		}
	}
	return -1
}

// add appends a header whose name is not there yet.
func (l *headerList) add(name, value string) {
	l.headers = append(l.headers, handshakeHeader{name, value})
	switch n := len(l.headers); {
	case n == manyHeaders:
		l.index = make(map[string]int, 2*manyHeaders)
		for i, h := range l.headers {
			l.index[h.name] = i
		}
	case n > manyHeaders:
		l.index[name] = n - 1
	}
}

// value returns the value of the header of that name.
func (l *headerList) value(name string) (value string, ok bool) {
	if i := l.find(name); i >= 0 {
		return l.headers[i].value, true
	}
	return "", false
}

// fold is value for a name in any case.
func (l *headerList) fold(name string) (value string, ok bool) {
	if l.index != nil {
		return l.value(mapASCII(name, lowerASCII))
	}
	for i := range l.headers {
		// Of one length: what folds to ASCII and is none is longer.
		if h := &l.headers[i]; len(h.name) == len(name) && strings.EqualFold(h.name, name) {
			return h.value, true
		}
	}
	return "", false
}

// headers returns the headers of the request by their names in lower case. A
// line without a colon is none. They are read once: the options of a gateway ask for
// several of them, and the event needs them all.
func (r *Request) headers() *headerList {
	if r.parsed.headers == nil {
		r.parsed = readHeaders(r.head)
	}
	return &r.parsed
}

func readHeaders(head string) headerList {
	l := headerList{headers: make([]handshakeHeader, 0, 16)}
	var repeated map[int][]byte // values of names that came before, to be joined once
	_, lines, _ := strings.Cut(head, "\r\n")
	lower := mapASCII(lines, lowerASCII) // at once: the names are parts of it
	for more := lines != ""; more; {
		var line string
		line, lines, more = strings.Cut(lines, "\r\n")
		names := lower
		if more {
			lower = lower[len(line)+len("\r\n"):]
		}
		colon := strings.IndexByte(line, ':')
		if colon < 0 {
			continue
		}
		name, value := names[:colon], trimBlanks(line[colon+1:])
		if i := l.find(name); i >= 0 {
			if repeated == nil {
				repeated = make(map[int][]byte)
			}
			repeated[i] = append(append(repeated[i], ','), value...)
		} else {
			l.add(name, value)
		}
	}
	for i, more := range repeated {
		l.headers[i].value += string(more)
	}
	return l
}

// trimBlanks is strings.Trim(s, " \t"), for values that are short and most often
// have one blank.
func trimBlanks(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// serverVariables returns the headers as PHP's $_SERVER has them, still by their
// names in lower case. Of two names that differ only in "-" and "_" the first gives
// the place and the last the value.
func (l *headerList) serverVariables() []handshakeHeader {
	if !slices.ContainsFunc(l.headers, func(h handshakeHeader) bool { return strings.IndexByte(h.name, '_') >= 0 }) {
		return l.headers
	}
	vars := headerList{headers: make([]handshakeHeader, 0, len(l.headers))}
	for _, h := range l.headers {
		name := strings.ReplaceAll(h.name, "-", "_")
		if i := vars.find(name); i >= 0 {
			vars.headers[i].value = h.value
		} else {
			vars.add(name, h.value)
		}
	}
	return vars.headers
}

// appendServerVariable appends a header under its name in $_SERVER.
func appendServerVariable(dst []byte, h handshakeHeader) []byte {
	dst = phpserialize.AppendString(dst, "HTTP_"+h.name)
	end := len(dst) - len(`";`)
	for i := end - len(h.name); i < end; i++ {
		dst[i] = serverASCII(dst[i])
	}
	return phpserialize.AppendString(dst, h.value)
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// serverASCII is strtoupper and "-" to "_".
func serverASCII(c byte) byte {
	switch {
	case c == '-':
		return '_'
	case 'a' <= c && c <= 'z':
		return c - ('a' - 'A')
	}
	return c
}

// mapASCII returns s with f applied to each byte: strings.Map for bytes that
// need not be UTF-8.
func mapASCII(s string, f func(byte) byte) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		b.WriteByte(f(s[i]))
	}
	return b.String()
}
