package gateway

import "github.com/go-gatewayworker/gatewayworker/gateway/internal/outqueue"

// transport carries the bytes of one client: a plain socket on a poller
// (plainTransport), TLS on a poller (tlsTransport), or a net.Conn with
// goroutines (streamTransport). The client decides what is sent and when the
// connection ends; its transport knows how.
//
// A client's transport does not change. The client is a part of it, so that both
// are one piece of memory.
type transport interface {
	// startLocked lets the client be read. It is called once, when the client is
	// known to the hub.
	startLocked() error

	// write offers q to the kernel. It returns how many bytes of q need not be
	// written again, and netloop.ErrAgain when some have to be kept: the client
	// then keeps them and calls watchLocked. One goroutine calls it at a time,
	// the one that has set clientWriting, without locks.
	write(q *outqueue.Queue, s *outqueue.Scratch) (n int, err error)

	// heldLocked is how many bytes, taken out of queues, the transport still
	// holds: they wait for the peer too.
	heldLocked() int

	// offeredLocked is called before close when the client is destroyed and its
	// queue, q (nil if it is empty), was offered to write before. A transport
	// whose write takes nothing offers q now.
	offeredLocked(q *outqueue.Queue)

	// watchLocked says what the client waits for: that the kernel takes bytes
	// (out), that something arrives (in).
	watchLocked(out, in bool)

	// handshaking reports whether the TLS handshake is not done yet.
	handshaking() bool

	// resume has the client's reader go on with a client that has waited; see
	// client.proceed. Any goroutine may call it.
	resume()

	// close closes the connection, without waiting. The client has been
	// destroyed already. With gracefully, what was written to the peer last
	// should reach it.
	close(gracefully bool)
}
