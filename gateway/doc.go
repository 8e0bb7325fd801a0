// Package gateway is the Gateway of GatewayWorker: it holds the client
// connections of a cluster, passes what clients say to business workers, and
// does what business workers and GatewayClients command. It takes the place of
// PHP's GatewayWorker\Gateway (src/Gateway.php) on the same addresses; workers,
// Registers and GatewayClients, PHP or Go, do not notice.
//
//	g, err := gateway.New(gateway.Options{
//		Listen:          "websocket://0.0.0.0:8282",
//		LanIP:           "192.168.1.10",
//		StartPort:       2900,
//		RegisterAddresses: []string{"192.168.1.2:1236"},
//	})
//	if err != nil {
//		return err
//	}
//	go func() {
//		<-ctx.Done()
//		_ = g.Shutdown(context.Background())
//	}()
//	return g.ListenAndServe()
//
// # How it works
//
// One goroutine, the inner loop, serves all connections to the inner port. It
// executes commands in the order in which they arrived, over whichever
// connection, as PHP's single thread does: programs write over one connection
// and at once ask over another (see innerLoop).
//
// Clients are served by one goroutine per core with epoll: an idle client costs
// no goroutine and no buffer. Under TLS a client has a goroutine for the time of
// the handshake. On systems without epoll a client has a goroutine for reading,
// and another one while something waits to be written to it.
//
// What a chunk of input leads to is queued, and flushed when the chunk is used
// up: one write to a socket carries everything that came together, and a message
// that comes alone goes out at once. A broadcast is encoded once and referred to
// by every client's queue.
//
// # Bounds
//
// Only what the kernel refuses to take counts: when that has reached
// SendToClientBufferSize or SendToWorkerBufferSize, new messages for that
// connection are dropped, as in PHP; nobody else waits. Messages of clients and
// frames of workers are at most 10,485,760 bytes.
//
// # Concurrency
//
// The methods of Gateway may be called from any goroutine. Inside, locks are
// taken in this order, and none is held while a socket is read or written:
//
//	hub.Mu        who the clients are, their uids, groups and sessions;
//	              who the workers are
//	client.mu     one client's state, worker and queue (and its session, which
//	              is written under both)
//	innerConn.mu  one inner connection's state and queue
//
// A client's queue is encrypted and written by one goroutine at a time, the one
// that set clientWriting. A queue that refers to the inner loop's arena
// (clientDirty) is flushed by the inner loop or its helpers only.
//
// crypto/tls has locks of its own, under which it calls tlsWire: client.mu may be
// taken there, and crypto/tls must not be called under any of the above.
package gateway
