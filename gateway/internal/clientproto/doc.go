// Package clientproto holds the protocols between clients and the gateway:
// websocket, text, frame, tcp, and the driver for a program's own.
//
// It owns the bytes of one client's connection: where a message ends, what a
// message is on the wire, the websocket handshake and its answers, what is
// remembered of a client from read to read ([State]), and how long a
// message, line or packet of a client may be.
//
// It never knows what a client is, which clients there are, or how bytes reach a
// socket: it is given received bytes, reports what is in them to a [Handler],
// and appends messages to slices.
//
// A message's way in: the caller presents what it has received to
// [Codec.Decode], which calls [Handler.Message] for each whole message and
// returns how much it has used up. The way out: [Codec.AppendMessage] appends
// the message as it goes on the wire.
//
// The behaviour is that of Workerman 5.2.2 (Protocols/Websocket.php, Text.php,
// Frame.php; Connection/TcpConnection.php). Each codec lists where it differs.
package clientproto
