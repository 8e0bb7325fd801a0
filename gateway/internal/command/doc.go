// Package command is what a gateway does for business workers and
// GatewayClients: it decodes the frames that they send to the inner port,
// executes each on the hub, and answers. It corresponds to
// Gateway::onWorkerMessage of PHP's GatewayWorker 4 (src/Gateway.php).
//
// # What it owns
//
// Every command's meaning: what ext_data and body must be, which entries of the
// hub change, who gets a message, what the answer looks like byte for byte, what
// is refused, and which secret key opens a connection. Each group of commands
// has a file of its own. The memory that commands use again belongs to the
// [Executor].
//
// # What it never knows
//
// Sockets, queues, protocols of clients, logs, and where a frame came from. It
// calls [Clients] for what a command does to a client beyond the hub's tables,
// and the [Caller] for what goes back to the sender of the frame: the answer, or
// a refusal. It calls both without the hub's lock.
//
// # Order
//
// An Executor belongs to one goroutine, and executes frames in the order in
// which it is given them, across callers. PHP's programs rely on that; see the
// inner loop in package gateway.
//
// A frame that would make PHP's gateway exit is refused and changes nothing.
package command
