// Package tlswire makes crypto/tls work without waiting, for programs that read
// and write sockets from a loop of their own.
//
// crypto/tls wants a connection that it can wait for. A [Wire] is one that never
// waits: it gives crypto/tls the bytes that were handed in, and when they are
// used up an error that says it is temporary ([ErrLater]). crypto/tls then keeps
// the part of a record that it has, and goes on with the next bytes. So a
// connection costs its keys, and no goroutine. Only a handshake cannot be
// interrupted: for its time the wire waits in a function of the caller's
// ([Wire.Wait]).
//
// It owns the received bytes between the socket and crypto/tls, and where records
// end in them. It never knows sockets, clients or keys.
package tlswire
