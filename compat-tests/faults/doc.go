// Package faults has no code, only tests: a cluster of real processes - a
// Register, two gateways, two workers, GatewayClients - under load, to which
// faults happen, one after another and two at a time: processes are killed,
// stopped and continued, asked to end; connections are reset, stalled and
// delayed; packets are dropped.
//
// An oracle knows what every client sent, what every worker saw, what every
// GatewayClient commanded and which of it was confirmed by a following question.
// After each fault the cluster must converge to what the oracle knows, with
// nothing lost but what the fault may cost, nothing twice, nothing out of order
// and nothing at the wrong client. README.md beside this file says
// what must hold and what a fault may cost.
package faults
