// Package admin serves what operators look at: metrics for Prometheus, health,
// profiles, a JSON API and a live page on it, for the gateways and the Register
// of one process.
//
// It owns the HTTP server behind --admin-listen, who may do what there, and the
// names of metrics. It reads counters of the other packages when it is asked, and
// never stands in the way of a message.
//
// Counters and health are open to all who reach the port. What names clients, and
// what changes something, needs the token in the header Authorization: no page of
// another site can send it, and no cookie carries it.
package admin
