package gateway

// CloseReason says why the connection of a client ended.
type CloseReason uint8

// Why connections end. The first reason counts: a client that is kicked, and then
// hangs up before all was sent, was kicked.
const (
	ClosedByClient        CloseReason = iota // the client closed it, or it broke
	ClosedByCommand                          // a worker or a GatewayClient kicked or destroyed the client
	ClosedForBadData                         // the client sent what its protocol does not allow, or too much
	ClosedForCompression                     // its compressed messages inflate to too much, or RefuseUnnegotiatedCompression
	ClosedForSilence                         // PingNotResponseLimit
	ClosedWithoutWorker                      // no business worker was there
	ClosedInHandshake                        // TLS failed, or the request for a websocket was refused
	ClosedBeforeHandshake                    // HandshakeTimeout
	ClosedByShutdown                         // Shutdown or Close of the gateway
	ClosedByLimit                            // a limit that Options set; see Limit
	ClosedByConnectHook                      // ConnectHook refused the client, or failed
	closeReasons          = iota
)

var closeReasonNames = [closeReasons]string{
	ClosedByClient:        "client",
	ClosedByCommand:       "command",
	ClosedForBadData:      "bad_data",
	ClosedForCompression:  "compression",
	ClosedForSilence:      "silent",
	ClosedWithoutWorker:   "no_worker",
	ClosedInHandshake:     "handshake_failed",
	ClosedBeforeHandshake: "handshake_timeout",
	ClosedByShutdown:      "shutdown",
	ClosedByLimit:         "limit",
	ClosedByConnectHook:   "connect_hook",
}

// String returns a short name, as metrics have it: "client", "no_worker".
func (r CloseReason) String() string {
	if int(r) < len(closeReasonNames) {
		return closeReasonNames[r]
	}
	return "unknown"
}

// lives counts how clients came and went. It is guarded by hub.Mu.
type lives struct {
	connects uint64
	closes   [closeReasons]uint64
}
