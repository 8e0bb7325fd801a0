// Package hub is what a gateway knows about its clients: which ids are
// connected, which uid each client is bound to, which groups it is in, and its
// session. It corresponds to PHP's $_clientConnections, $_uidConnections and
// $_groupConnections (GatewayWorker 4, src/Gateway.php).
//
// # What it owns
//
// The tables, their order, and the [Client] part of every client. PHP's arrays
// are ordered by insertion and that order is on the wire, so every table keeps
// it: clients by connecting, the clients of a uid by binding, the members of a
// group by joining, groups by their first member's joining. What was removed and
// is added again goes to the end.
//
// # What it never knows
//
// What a client is beyond its [Client]: a client of any kind embeds one and sets
// Owner, which the hub never looks at. (A type parameter in its place saves 8
// bytes a client, and makes every function of this package and of
// internal/command generic.) Nor does the hub know of connections, frames,
// messages, workers or commands, and it logs nothing.
//
// # Lock
//
// One mutex, [Hub.Mu], gives commands the atomicity that PHP's single thread
// gives them. The caller takes it before it calls a function whose name ends
// in Locked. It holds it for work on tables only, never while a socket is read or
// written. The hub has no other lock, and this one is the first in the gateway's
// lock order (see package gateway). The executor of commands takes it, and so
// does the gateway when clients and workers come, go and are counted.
package hub
