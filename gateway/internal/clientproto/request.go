package clientproto

import (
	"regexp"
	"strings"
)

// Request is the head of a websocket request, read as Workerman's
// Protocols/Http/Request does: nothing is refused, and what is missing has a
// default. AppendEvent is to be called during [Handler.Request] only, and so are
// AddHeader and Defer.
type Request struct {
	head     string     // without the blank line at its end
	parsed   headerList // see headers
	client   Handler
	dialect  *dialect
	added    []byte // to the answer: whole lines
	deferred bool
	deflate  bool // it was negotiated
}

// Defer has the client wait for its answer: Decode consumes nothing more, until
// [State.Resume].
func (r *Request) Defer() { r.deferred = true }

// Len is the length of the request in bytes.
func (r *Request) Len() int { return len(r.head) }

// AddHeader adds a header to the 101, behind those that it has. The caller has
// seen to it that neither name nor value holds a line break.
func (r *Request) AddHeader(name, value string) {
	r.added = append(r.added, name...)
	r.added = append(r.added, ": "...)
	r.added = append(r.added, value...)
	r.added = append(r.added, lineEnd...)
}

// EncodedCookie reports whether a cookie of the request holds url-encoded bytes:
// whether Workerman 4 would hand out another value than Workerman 5.
func (r *Request) EncodedCookie() bool {
	if strings.IndexByte(r.head, '%') < 0 {
		return false
	}
	_, lines, _ := strings.Cut(r.head, "\r\n")
	for line := range strings.SplitSeq(lines, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "cookie") && encodedByte.MatchString(value) {
			return true
		}
	}
	return false
}

var encodedByte = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

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
