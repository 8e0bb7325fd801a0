// Package commandtest helps to test what executes the commands of the inner port:
// conversations that hold for PHP's gateway and for ours, made-up ones, and a
// fake [Gateway] of the executor, a hub and clients without sockets. It is
// imported by tests only.
package commandtest
