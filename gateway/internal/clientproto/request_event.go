package clientproto

import "github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"

// AppendEvent appends the body of CMD_ON_WEBSOCKET_CONNECT: the serialized array
// of get, server and cookie that PHP's Gateway::onWebsocketConnect makes.
func (r *Request) AppendEvent(dst []byte) []byte { return r.dialect.appendEvent(r, dst) }

// appendEventWorkerman5 appends what GatewayWorker makes of the Request object
// of Workerman 5.
func appendEventWorkerman5(r *Request, dst []byte) []byte {
	headers := r.headers()
	query := r.queryString()
	cookie, _ := headers.value("cookie")

	dst = phpserialize.AppendArrayStart(dst, 3)
	dst = phpserialize.AppendString(dst, "get")
	dst = appendVariables(dst, phpserialize.ParseStr(query))
	dst = phpserialize.AppendString(dst, "server")
	dst = r.appendServer(dst, query, headers)
	dst = phpserialize.AppendString(dst, "cookie")
	dst = appendVariables(dst, phpserialize.ParseCookie(cookie))
	return phpserialize.AppendArrayEnd(dst)
}

// appendServer appends PHP's $_SERVER of the request.
func (r *Request) appendServer(dst []byte, query string, headers *headerList) []byte {
	const fixed = 9 // entries before the headers
	vars := headers.serverVariables()
	dst = phpserialize.AppendArrayStart(dst, fixed+len(vars))
	dst = appendPair(dst, "QUERY_STRING", query)
	dst = appendPair(dst, "REQUEST_METHOD", r.method())
	dst = appendPair(dst, "REQUEST_URI", r.uri())
	dst = appendPair(dst, "SERVER_PROTOCOL", r.protocol())
	dst = appendHeaderOrNull(dst, "SERVER_NAME", headers, "host")
	dst = appendHeaderOrNull(dst, "CONTENT_TYPE", headers, "content-type")
	dst = appendPair(dst, "REMOTE_ADDR", r.client.RemoteIP())
	dst = phpserialize.AppendString(dst, "REMOTE_PORT")
	dst = phpserialize.AppendInt(dst, int64(r.client.RemoteAddr().Port()))
	dst = phpserialize.AppendString(dst, "SERVER_PORT")
	dst = phpserialize.AppendInt(dst, int64(r.client.LocalPort()))
	for _, h := range vars {
		dst = appendServerVariable(dst, h)
	}
	return phpserialize.AppendArrayEnd(dst)
}

func appendPair(dst []byte, key, value string) []byte {
	return phpserialize.AppendString(phpserialize.AppendString(dst, key), value)
}

func appendHeaderOrNull(dst []byte, key string, headers *headerList, name string) []byte {
	if value, ok := headers.value(name); ok {
		return appendPair(dst, key, value)
	}
	return phpserialize.AppendNull(phpserialize.AppendString(dst, key))
}

// appendVariables appends an array of strings and of such arrays, which can
// always be serialized.
func appendVariables(dst []byte, a *phpserialize.Array) []byte {
	serialized, err := phpserialize.Append(dst, a)
	if err != nil {
		panic("clientproto: " + err.Error())
	}
	return serialized
}
