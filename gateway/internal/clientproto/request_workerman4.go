package clientproto

import (
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// appendEventWorkerman4 appends the body of CMD_ON_WEBSOCKET_CONNECT that a
// gateway on Workerman 3.5 and 4 sends: $_GET, $_SERVER and $_COOKIE as these
// versions make them of the request (Protocols/Websocket.php, parseHttpHeader).
func appendEventWorkerman4(r *Request, dst []byte) []byte {
	line, lines, _ := strings.Cut(r.head, "\r\n")
	words := strings.Split(line, " ")
	vars := serverWorkerman4(lines)
	query := ""
	if len(words) > 1 {
		query = phpURLQuery(words[1])
	}
	if query == "0" { // false to PHP
		query = ""
	}
	cookie, _ := vars.value("HTTP_COOKIE")

	dst = phpserialize.AppendArrayStart(dst, 3)
	dst = phpserialize.AppendString(dst, "get")
	dst = appendVariables(dst, phpserialize.ParseStr(query))

	dst = phpserialize.AppendString(dst, "server")
	dst = phpserialize.AppendArrayStart(dst, 3+len(vars.headers)+1)
	for i, name := range []string{"REQUEST_METHOD", "REQUEST_URI", "SERVER_PROTOCOL"} {
		if i < len(words) {
			dst = appendPair(dst, name, words[i])
		} else {
			dst = phpserialize.AppendNull(phpserialize.AppendString(dst, name))
		}
	}
	for _, v := range vars.headers {
		dst = appendPair(dst, v.name, v.value)
	}
	dst = appendPair(dst, "QUERY_STRING", query)
	dst = phpserialize.AppendArrayEnd(dst)

	dst = phpserialize.AppendString(dst, "cookie")
	dst = appendVariables(dst, phpserialize.ParseStr(strings.ReplaceAll(cookie, "; ", "&")))
	return phpserialize.AppendArrayEnd(dst)
}

// serverWorkerman4 returns what the lines behind the request line put into
// $_SERVER. Of headers with one name the first gives the place and the last the
// value. SERVER_NAME and SERVER_PORT are what stands in Host before its first
// and its second colon.
func serverWorkerman4(lines string) headerList {
	vars := headerList{headers: make([]handshakeHeader, 0, 16)}
	set := func(name, value string) {
		if i := vars.find(name); i >= 0 {
			vars.headers[i].value = value
		} else {
			vars.add(name, value)
		}
	}
	for line := range strings.SplitSeq(lines, "\r\n") {
		if line == "" || line == "0" { // empty to PHP
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		name = mapASCII("HTTP_"+name, serverASCII)
		value = strings.Trim(value, " \t\n\r\x00\x0b")
		set(name, value)
		if name == "HTTP_HOST" {
			host, rest, more := strings.Cut(value, ":")
			set("SERVER_NAME", host)
			if more {
				port, _, _ := strings.Cut(rest, ":")
				set("SERVER_PORT", port)
			}
		}
	}
	return vars
}
