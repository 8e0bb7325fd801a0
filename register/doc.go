// Package register is GatewayWorker's Register and its clients.
//
// A [Server] is where gateways announce their inner addresses and where
// workers and GatewayClients learn them. An [Announcer] keeps a gateway
// announced at every Register, a [Watcher] keeps a worker informed, and
// [Lookup] asks once. They speak the text lines that package gatewayprotocol
// describes, and each of them works with PHP's programs as its peers.
//
// # Behaviour at the edges
//
// When a Register stops, gateways and workers stay connected to each other: an
// Announcer and a Watcher try to reconnect until they are stopped, and a Watcher
// keeps its last list until a Register sends a new one. A Server that is shut
// down or closed ends its connections without sending another list. PHP's
// Register, while it stops, sends its workers a shorter list for every gateway
// that it disconnects; such a list says nothing about the gateways.
//
// A worker that does not read has at most [Options].SendToWorkerBufferSize
// bytes of lists waiting. Beyond that PHP drops new lists, so that the worker
// never learns of the latest gateways; Server remembers that the worker is behind
// and sends it the current list as soon as the waiting ones have gone out. Other
// workers do not wait for it.
//
// # What the log says
//
// An Announcer and a Watcher log the first connection to a Register and each
// recovery as info, and an outage once, however long it lasts. A Register that
// has another secret key closes the connection at once without an answer; the log
// line then says to check the key.
//
// # Concurrency
//
// A Server's methods may be called from several goroutines. Each connection has
// a goroutine that reads, and one owner of all writes that takes what waits in
// a bounded queue. The Server's lock is taken before a queue's, and neither is
// held over a system call.
package register
