// Package tlsloop is TLS for connections that a poller serves: crypto/tls without
// waiting, on a non-blocking socket.
//
// It owns a connection's crypto/tls, the handshake with its waiting, and the
// records that the kernel refused ([Conn]). It never knows what a client is or
// what is said: the [Owner] reads decrypted bytes, writes plain ones, and watches
// the socket.
//
// A message's way in: the owner hands in what it has read from the socket
// ([Conn.Hand]) and reads it decrypted ([Conn.Read]). The way out: the owner
// writes ([Conn.Write]), which makes records and offers them to the kernel.
//
// crypto/tls has locks of its own, under which it calls the wire, and so takes
// the owner's lock: crypto/tls must not be called under that.
package tlsloop
