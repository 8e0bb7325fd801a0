package clientproto

import (
	"iter"
	"strings"
)

// Method returns the method of the request as the client sent it.
func (r *Request) Method() string { return r.method() }

// Lines returns the headers as the client sent them, one for each line.
func (r *Request) Lines() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		_, lines, _ := strings.Cut(r.head, "\r\n")
		for line := range strings.SplitSeq(lines, "\r\n") {
			name, value, ok := strings.Cut(line, ":")
			if ok && !yield(name, trimBlanks(value)) {
				return
			}
		}
	}
}

// URI returns the target of the request as the client sent it, path and query,
// "/" if there is none.
func (r *Request) URI() string { return r.uri() }

// Query returns the query of the URI, not decoded, "" if PHP's parse_url finds
// none.
func (r *Request) Query() string { return r.queryString() }

// Header returns the value of the header of a name, in any case, the values of
// several lines joined by commas.
func (r *Request) Header(name string) (value string, ok bool) { return r.headers().fold(name) }
