package phpserialize

import "strings"

// ParseCookie returns what Workerman's Request::cookie() makes of a Cookie
// header: pairs between semicolons, names trimmed, values as they stand, without
// url-decoding; a pair without '=' is skipped, a repeated name is overwritten.
func ParseCookie(header string) *Array {
	cookies := NewArray()
	for header != "" {
		var pair string
		pair, header, _ = strings.Cut(header, ";")
		if name, value, ok := strings.Cut(pair, "="); ok {
			cookies.SetString(strings.Trim(name, " \n\r\t\v\x00"), value)
		}
	}
	return cookies
}
