package gateway

import "github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"

// HandshakeData says whose websocket handshake the gateway makes: what workers
// get as the data of onWebSocketConnect, and what clients get as an answer.
//
// What decides for a PHP gateway is the version of Workerman below it. Nothing
// that a worker sends tells the version, so it must be set for workers that come
// from an older one.
type HandshakeData int

const (
	// HandshakeData3 is for workers that had gateways on Workerman 3.5 or 4:
	// those of GatewayWorker 3.x, and of 4.0 where Composer chose Workerman 4.
	//
	// server has REQUEST_METHOD, REQUEST_URI and SERVER_PROTOCOL as they were
	// sent, the headers as HTTP_* (of several with one name the last), SERVER_NAME
	// and SERVER_PORT (a string) from Host, and QUERY_STRING; it has neither
	// REMOTE_ADDR, REMOTE_PORT nor CONTENT_TYPE. Cookies are url-decoded and
	// separated by "; " only. The answers are those of Workerman 4.2.1, and
	// Sec-WebSocket-Version is not asked for.
	HandshakeData3 HandshakeData = 3

	// HandshakeData4 is for workers that had gateways of GatewayWorker 4 on
	// Workerman 5. The default.
	//
	// server has QUERY_STRING, REQUEST_METHOD, REQUEST_URI, SERVER_PROTOCOL,
	// SERVER_NAME (Host with its port), CONTENT_TYPE, REMOTE_ADDR, REMOTE_PORT and
	// SERVER_PORT (integers), then the headers as HTTP_* (those with one name
	// joined by commas). Cookies are separated by ";" and not decoded.
	HandshakeData4 HandshakeData = 4
)

// hintAtCookie says once, where HandshakeData was left to its default, that a
// client sent a cookie of which workers may expect another form: the one place
// where a gateway can see that the default may be wrong.
func (g *Gateway) hintAtCookie(req *clientproto.Request) {
	if g.cookieHint.Load() && req.EncodedCookie() && g.cookieHint.CompareAndSwap(true, false) {
		g.log.Info("a client's cookie holds url-encoded bytes, and workers get them as they are, as from GatewayWorker 4 on Workerman 5; " +
			"workers of GatewayWorker 3.x expect them decoded: set HandshakeData (--handshake-data) to 3 for them, or to 4 to confirm this")
	}
}
