package gateway

// appendData appends the body of CMD_ON_WEBSOCKET_CONNECT: the serialized
// array of get, server and cookie. (Stand-in until phpserialize is there.)
func (r *handshakeRequest) appendData(dst []byte) []byte {
	return append(dst, `a:3:{s:3:"get";a:0:{}s:6:"server";a:0:{}s:6:"cookie";a:0:{}}`...)
}
