package clientproto

import "strings"

// Request is the head of a websocket request, read as Workerman's
// Protocols/Http/Request does: nothing is refused, and what is missing has a
// default. It is valid during [Handler.Request].
type Request struct {
	head    string // without the blank line at its end
	client  Handler
	dialect *dialect
}

// firstLine is what stands before the first line break.
func (r *Request) firstLine() string {
	line, _, _ := strings.Cut(r.head, "\r\n")
	return line
}

// method is the request line up to the first blank.
func (r *Request) method() string {
	method, _, _ := strings.Cut(r.firstLine(), " ")
	return method
}

// uri is what stands between the first two blanks of the request line, "/" if
// there is none.
func (r *Request) uri() string {
	_, rest, ok := strings.Cut(r.firstLine(), " ")
	if !ok {
		return "/"
	}
	uri, _, _ := strings.Cut(rest, " ")
	return uri
}

// protocol is the request line from the first "HTTP/" on, "HTTP/1.0" if there
// is none.
func (r *Request) protocol() string {
	line := r.firstLine()
	if i := strings.Index(line, "HTTP/"); i >= 0 {
		return line[i:]
	}
	return "HTTP/1.0"
}

// queryString is the query of the URI, "" if PHP's parse_url finds none.
func (r *Request) queryString() string {
	return phpURLQuery(r.uri())
}
