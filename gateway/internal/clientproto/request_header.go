package clientproto

import "strings"

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

// headers returns the headers of the request by their names in lower case. A
// line without a colon is none.
func (r *Request) headers() headerList {
	l := headerList{headers: make([]handshakeHeader, 0, 16)}
	var repeated map[int][]byte // values of names that came before, to be joined once
	_, lines, _ := strings.Cut(r.head, "\r\n")
	for line := range strings.SplitSeq(lines, "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		name = mapASCII(name, lowerASCII)
		value = strings.Trim(value, " \t")
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

// serverVariables returns the headers by their names in PHP's $_SERVER. Of two
// names that differ only in "-" and "_" the first gives the place and the last
// the value.
func (l *headerList) serverVariables() headerList {
	vars := headerList{headers: make([]handshakeHeader, 0, len(l.headers))}
	for _, h := range l.headers {
		name := mapASCII("HTTP_"+h.name, serverASCII)
		if i := vars.find(name); i >= 0 {
			vars.headers[i].value = h.value
		} else {
			vars.add(name, h.value)
		}
	}
	return vars
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
