// Package gateway is the Gateway of GatewayWorker: it holds the client
// connections of a cluster, passes what clients say to business workers, and
// does what business workers and GatewayClients command. It takes the place of
// PHP's GatewayWorker\Gateway (src/Gateway.php) on the same addresses; workers,
// Registers and GatewayClients, PHP or Go, need no change.
//
//	g, err := gateway.New(gateway.Options{
//		Listen:            "websocket://0.0.0.0:8282",
//		LanIP:             "192.168.1.10",
//		StartPort:         2900,
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
// Gateway itself keeps the life of a server, its options, the client connections
// (client, and its transport), the connections of the inner port (innerConn), the
// workers and the heartbeat. What it is made of are packages under internal, each
// of which says what it owns and what it never knows:
//
//	netloop      sockets without a goroutine each: epoll, accept, descriptors
//	tlsloop      TLS on such sockets: what crypto/tls does, without waiting
//	clientproto  the bytes of a client: websocket, text, frame, tcp, custom
//	proxyproto   the head by which a proxy says whose a connection is
//	hub          who the clients are: ids, uids, groups, sessions
//	outqueue     the messages that wait for a client, and their memory
//	command      what workers and GatewayClients command: decoded, executed, answered
//
// One goroutine, the inner loop, serves all connections to the inner port. It
// executes commands in the order in which they arrived, over whichever
// connection, as PHP's single thread does: programs write over one connection
// and at once ask over another (see innerLoop). [Gateway.Execute] goes through
// it, too.
//
// Clients are served by one goroutine per core with epoll: an idle client costs
// no goroutine and no buffer. Under TLS a client has a goroutine for the time of
// the handshake. On systems without epoll a client has a goroutine for reading,
// and another one while something waits to be written to it.
//
// A client that waits for Options.ConnectHook has no goroutine either, and is not
// read: its request stays in its buffer. A bounded number of goroutines asks the hook
// about one client after the other, and the poller of each goes on with the request.
//
// What a chunk of input leads to is queued, and flushed when the chunk is used
// up (batch): one write to a socket carries everything that came together, and a
// message that comes alone goes out at once. A broadcast is encoded once and
// referred to by every client's queue (delivery).
//
// # Listeners and options that change
//
// One gateway may take clients on several addresses, each with a protocol and TLS
// of its own (Options.Listeners): they share the hub, and the inner port. A
// message is encoded once for each form that it takes. With Options.Compression
// some of these are compressed: by the inner loop, between two commands and without
// a lock, which is why CompressionMaxSize bounds what is (compressor).
//
// [Gateway.Reload] changes options while the gateway serves. What can change is
// read from Gateway.options each time, one atomic load; what lives by an option, as
// the heartbeat does, is a job that starts anew.
//
// # Bounds
//
// Only what the kernel refuses to take counts: when that has reached
// SendToClientBufferSize or SendToWorkerBufferSize, new messages for that
// connection are dropped and counted, as in PHP; other connections do not wait.
// What waits for websocket handshakes is bounded by 64 MiB over all clients; then
// new messages for such clients are dropped and counted. A client that sends more
// than MaxPackageSize at once is disconnected, and so is a worker. An answer over
// 2^28 bytes is refused. Before the secret key, a connection of the inner port
// has 10 s and some KB.
//
// What waits for a client that a command destroys is offered to the kernel once,
// as in PHP; the rest is lost.
//
// # Concurrency
//
// The methods of Gateway may be called from any goroutine. Inside, locks are
// taken in this order; none is held while a socket is read or written, or while
// something is logged:
//
//	hub.Hub.Mu    who the clients are, their uids and groups, and who sets a
//	              session (which is read without a lock); who the workers are
//	client.mu     one client's state, worker and queue
//	innerConn.mu  one inner connection's state and queue
//
// Gateway.mu guards the state of the server, and is not held with any of them.
//
// A client's queue is encrypted and written by one goroutine at a time, the one
// that set clientWriting. A queue that refers to the inner loop's arena
// (clientDirty) is flushed by the inner loop or its helpers only.
//
// crypto/tls has locks of its own, under which it calls the transport's wire:
// client.mu may be taken there, and crypto/tls must not be called under any of
// the above.
package gateway
