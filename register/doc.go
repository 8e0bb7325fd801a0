// Package register is GatewayWorker's Register and its clients.
//
// A [Server] is where gateways announce their inner addresses and where
// workers and GatewayClients learn them. An [Announcer] keeps a gateway
// announced at every Register, a [Watcher] keeps a worker informed, and
// [Lookup] asks once. They speak the text lines that package gatewayprotocol
// describes, and each of them gets on with PHP at the other end.
//
// # Behaviour at the edges
//
// A Register that goes away takes nothing with it: an Announcer and a Watcher
// reconnect for ever, and a Watcher keeps its last list until some Register
// tells another. A Server that is shut down or closed ends its connections
// without a farewell broadcast, where PHP's Register tells its workers of
// every gateway that it drops on its way out: a list that shrinks because the
// Register stops is no news about the gateways.
//
// A worker that does not read has at most [Options].SendToWorkerBufferSize
// bytes of lists waiting. Beyond that PHP drops what is new, so that the worker
// would stay ignorant; Server remembers that the worker is behind and sends it
// the list of that moment as soon as the waiting ones are gone. No other worker
// waits for it.
//
// # What the log says
//
// An Announcer and a Watcher log the first connection to a Register and each
// recovery as info, and an outage once, however long it lasts. A Register that
// has another secret key closes the connection at once and says nothing; the log
// line names the key then.
//
// # Concurrency
//
// A Server's methods may be called from several goroutines. Each connection has
// a goroutine that reads, and one owner of all writes that takes what waits in
// a bounded queue. The Server's lock is taken before a queue's, and neither is
// held over a system call.
package register
