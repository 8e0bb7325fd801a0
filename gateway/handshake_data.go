package gateway

import "github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"

// appendData appends the body of CMD_ON_WEBSOCKET_CONNECT: what PHP's
// onWebsocketConnect hands to the worker, the serialized array of get, server
// and cookie.
func (r *handshakeRequest) appendData(dst []byte) []byte {
	headers := r.headers()
	cookie, _ := headerNamed(headers, "cookie")
	query := r.queryString()

	dst = phpserialize.AppendArrayStart(dst, 3)
	dst = phpserialize.AppendString(dst, "get")
	dst = appendArray(dst, phpserialize.ParseStr(query))
	dst = phpserialize.AppendString(dst, "server")
	dst = appendArray(dst, r.server(query, headers))
	dst = phpserialize.AppendString(dst, "cookie")
	dst = appendArray(dst, phpserialize.ParseCookie(cookie))
	return phpserialize.AppendArrayEnd(dst)
}

// server returns PHP's $_SERVER of the request. Two headers whose names differ
// only in "-" and "_" have one place, that of the first, and the last value.
func (r *handshakeRequest) server(query string, headers []handshakeHeader) *phpserialize.Array {
	const fixed = 9
	server := phpserialize.NewArraySize(fixed + len(headers))
	server.SetString("QUERY_STRING", query)
	server.SetString("REQUEST_METHOD", r.method())
	server.SetString("REQUEST_URI", r.uri())
	server.SetString("SERVER_PROTOCOL", r.protocol())
	server.SetString("SERVER_NAME", stringOrNull(headers, "host"))
	server.SetString("CONTENT_TYPE", stringOrNull(headers, "content-type"))
	server.SetString("REMOTE_ADDR", r.client.remoteIPText())
	server.SetString("REMOTE_PORT", int64(r.client.remoteAddr().Port()))
	server.SetString("SERVER_PORT", int64(r.client.localPort()))
	for _, h := range headers {
		server.SetString(serverName(h.name), h.value)
	}
	return server
}

func stringOrNull(headers []handshakeHeader, name string) phpserialize.Value {
	if value, ok := headerNamed(headers, name); ok {
		return value
	}
	return nil
}

// appendArray appends an array of strings, integers, nulls and arrays of such,
// all of which can be serialized.
func appendArray(dst []byte, a *phpserialize.Array) []byte {
	serialized, err := phpserialize.Append(dst, a)
	if err != nil {
		panic("gateway: " + err.Error())
	}
	return serialized
}
