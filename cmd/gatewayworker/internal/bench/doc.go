// Package bench is the load generator behind "gatewayworker bench". It drives
// any GatewayWorker cluster, PHP or Go, at its client port and its inner port.
//
// One goroutine runs one epoll loop with raw frames on both sides, so that the
// generator stays far cheaper than what it measures; its own CPU time is in
// every report. It opens the clients and, where a scenario needs none of the
// user's code, is the worker on the inner port as well. Pushes go out on a
// second inner connection, as those of a GatewayClient do.
//
// # What the figures mean
//
// CPU is the time of the named server processes, from the kernel's per-process
// clocks, divided by what the phase delivered. It is the figure to compare: it
// hardly moves when the machine is shared, rates and latencies do.
//
// Latencies of an open loop run from the moment a message was due, not from
// the moment it could be sent, so a server that stalls is charged for every
// message that it held up (no coordinated omission). A closed loop says so.
//
// Every message carries a stream, a sequence number and its due time. A phase
// counts what each client received against what it should have received and
// reports what is missing, came twice, or came out of order.
package bench
