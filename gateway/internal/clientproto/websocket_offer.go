package clientproto

import "strings"

// The extension of RFC 7692, and its parameters.
const (
	extensionsHeader = "Sec-WebSocket-Extensions"

	deflateExtension        = "permessage-deflate"
	serverNoContextTakeover = "server_no_context_takeover"
	clientNoContextTakeover = "client_no_context_takeover"
	serverMaxWindowBits     = "server_max_window_bits"
	clientMaxWindowBits     = "client_max_window_bits"
)

// maxWindowBits is the window of [Deflater], 32 KiB, as a power of two.
const maxWindowBits = 15

// NegotiateDeflate accepts the first offer of permessage-deflate that can be kept,
// if the client makes one, and reports whether it did. From the 101 on, which
// names it, both sides may compress their messages, each by itself, as RFC 7692
// has it: nothing of one message is needed for another one.
func (r *Request) NegotiateDeflate() bool {
	header, ok := r.Header(extensionsHeader)
	if !ok || hasHeader(r.added, strings.ToLower(extensionsHeader)) {
		return false
	}
	answer, ok := acceptOffer(header)
	if ok {
		r.deflate = true
		r.AddHeader(extensionsHeader, answer)
	}
	return ok
}

// acceptOffer returns the answer to the first acceptable offer in a
// Sec-WebSocket-Extensions header (RFC 6455 section 9.1). A header that is not
// well formed has none.
func acceptOffer(header string) (answer string, ok bool) {
	s := scanner(header)
	for {
		for s.skip(',') { // elements of a list may be empty
		}
		if s.end() {
			return answer, ok
		}
		offered, fine := s.token()
		if !fine {
			return "", false
		}
		offer := deflateOffer{acceptable: offered == deflateExtension}
		for s.skip(';') {
			p, fine := s.param()
			if !fine {
				return "", false
			}
			offer.take(p)
		}
		if !s.end() && !s.skip(',') {
			return "", false
		}
		if offer.acceptable && !ok {
			answer, ok = offer.answer(), true
		}
	}
}

// deflateOffer is one offer of permessage-deflate, as far as it was read.
type deflateOffer struct {
	acceptable bool
	named      [4]bool // which parameters were there
}

var deflateParams = [4]string{serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits}

// take reads one parameter. An unknown one, one that comes twice, and one with a
// value that it cannot have make the offer one to be declined (RFC 7692 section 7).
func (o *deflateOffer) take(p extensionParam) {
	for i, name := range deflateParams {
		if p.name != name {
			continue
		}
		fine := !p.hasValue // of the two without a value
		switch name {
		case serverMaxWindowBits:
			// A client that asks for a smaller window gets no compression: the one
			// compressed form of a message is for all.
			fine = p.hasValue && windowBits(p.value) == maxWindowBits
		case clientMaxWindowBits: // may be smaller: messages are inflated with the largest
			fine = !p.hasValue || windowBits(p.value) > 0
		}
		o.acceptable = o.acceptable && fine && !o.named[i]
		o.named[i] = true
		return
	}
	o.acceptable = false
}

// windowBits returns a number from 8 to 15, 0 for what is none. It may not begin
// with a zero.
func windowBits(s string) int {
	switch {
	case s == "8", s == "9":
		return int(s[0] - '0')
	case len(s) == 2 && s[0] == '1' && '0' <= s[1] && s[1] <= '5':
		return 10 + int(s[1]-'0')
	}
	return 0
}

func (o *deflateOffer) answer() string {
	answer := deflateExtension + "; " + serverNoContextTakeover + "; " + clientNoContextTakeover
	if o.named[2] { // one who asks for a bound has to be told one
		answer += "; " + serverMaxWindowBits + "=15"
	}
	return answer
}

// extensionParam is a parameter of an extension: name, or name=value.
type extensionParam struct {
	name, value string
	hasValue    bool
}

// scanner reads the tokens of a header's value.
type scanner string

func (s *scanner) space() { *s = scanner(strings.TrimLeft(string(*s), " \t")) }

func (s *scanner) end() bool {
	s.space()
	return *s == ""
}

// skip skips a separator, if it comes next.
func (s *scanner) skip(separator byte) bool {
	if s.end() || (*s)[0] != separator {
		return false
	}
	*s = (*s)[1:]
	return true
}

func (s *scanner) token() (string, bool) {
	s.space()
	n := 0
	for n < len(*s) && isTokenByte((*s)[n]) {
		n++
	}
	token := string((*s)[:n])
	*s = (*s)[n:]
	return token, n > 0
}

func (s *scanner) param() (p extensionParam, ok bool) {
	if p.name, ok = s.token(); !ok || !s.skip('=') {
		return p, ok
	}
	p.hasValue = true
	if !s.skip('"') {
		p.value, ok = s.token()
		return p, ok
	}
	// A quoted value has to be a token, too, when it is unquoted (RFC 6455
	// section 9.1).
	var value []byte
	for i := 0; i < len(*s); i++ {
		c := (*s)[i]
		switch {
		case c == '"':
			*s = (*s)[i+1:]
			p.value = string(value)
			return p, len(value) > 0
		case c == '\\' && i+1 < len(*s):
			i++
			c = (*s)[i]
		}
		if !isTokenByte(c) {
			return p, false
		}
		value = append(value, c)
	}
	return p, false
}

// isTokenByte reports whether c may be part of a token of HTTP (RFC 9110 section
// 5.6.2).
func isTokenByte(c byte) bool {
	switch {
	case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
