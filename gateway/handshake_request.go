package gateway

import (
	"bytes"
	"strings"
)

// handshakeRequest is the head of a websocket request, read as Workerman's
// Protocols/Http/Request does: nothing is refused, and what is missing has a
// default. It aliases the client's read buffer and is valid during the
// handshake call only.
type handshakeRequest struct {
	head   []byte // without the blank line at its end
	client codecHandler
}

// firstLine is what stands before the first line break.
func (r *handshakeRequest) firstLine() []byte {
	line, _, _ := bytes.Cut(r.head, []byte("\r\n"))
	return line
}

// method is the request line up to the first blank.
func (r *handshakeRequest) method() string {
	method, _, _ := bytes.Cut(r.firstLine(), []byte(" "))
	return string(method)
}

// uri is what stands between the first two blanks of the request line, "/" if
// there is none.
func (r *handshakeRequest) uri() string {
	_, rest, ok := bytes.Cut(r.firstLine(), []byte(" "))
	if !ok {
		return "/"
	}
	uri, _, _ := bytes.Cut(rest, []byte(" "))
	return string(uri)
}

// protocol is the request line from the first "HTTP/" on, "HTTP/1.0" if there
// is none.
func (r *handshakeRequest) protocol() string {
	line := r.firstLine()
	if i := bytes.Index(line, []byte("HTTP/")); i >= 0 {
		return string(line[i:])
	}
	return "HTTP/1.0"
}

// queryString is the query of the URI, "" if PHP's parse_url finds none.
func (r *handshakeRequest) queryString() string {
	return phpURLQuery(r.uri())
}

// handshakeHeader is one header: its name in lower case, and the values of all
// lines of that name joined by commas.
type handshakeHeader struct{ name, value string }

// headers returns the headers in the order of their first appearance. A line
// without a colon is none.
func (r *handshakeRequest) headers() []handshakeHeader {
	_, lines, ok := bytes.Cut(r.head, []byte("\r\n"))
	if !ok {
		return nil
	}
	var headers []handshakeHeader
	index := make(map[string]int)
	for line := range bytes.SplitSeq(lines, []byte("\r\n")) {
		rawName, rawValue, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		name := string(mapASCII(rawName, lowerASCII))
		value := string(bytes.Trim(rawValue, " \t"))
		if i, seen := index[name]; seen {
			headers[i].value += "," + value
			continue
		}
		index[name] = len(headers)
		headers = append(headers, handshakeHeader{name, value})
	}
	return headers
}

// header returns the header of that name, given in lower case.
func headerNamed(headers []handshakeHeader, name string) (string, bool) {
	for _, h := range headers {
		if h.name == name {
			return h.value, true
		}
	}
	return "", false
}

// serverName turns a header's name into its key in the server array.
func serverName(name string) string {
	return "HTTP_" + string(mapASCII([]byte(strings.ReplaceAll(name, "-", "_")), upperASCII))
}

func upperASCII(c byte) byte {
	if 'a' <= c && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// mapASCII returns a copy of b with f applied to each byte.
func mapASCII(b []byte, f func(byte) byte) []byte {
	mapped := make([]byte, len(b))
	for i, c := range b {
		mapped[i] = f(c)
	}
	return mapped
}
