package clientproto

// URI returns the target of the request as the client sent it, path and query,
// "/" if there is none.
func (r *Request) URI() string { return r.uri() }

// Query returns the query of the URI, not decoded, "" if PHP's parse_url finds
// none.
func (r *Request) Query() string { return r.queryString() }

// Header returns the value of the header of a name in lower case, the values of
// several lines joined by commas.
func (r *Request) Header(name string) (value string, ok bool) {
	headers := r.headers()
	return headers.value(name)
}
