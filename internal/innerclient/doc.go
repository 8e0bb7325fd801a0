// Package innerclient keeps connections to the inner ports of gateways: it is
// what package gatewayclient and package businessworker send and ask over.
//
// A [Pool] has a node for each gateway, which opens connections when they are
// first needed, reconnects, and chooses the connection for a question. A
// [Transport] is what a gatewayclient.Client needs below it; [NewClient] makes a
// Client of one, and is how a business worker gets a Client that sends over the
// worker's own connections.
//
// # What was commanded is executed before what is asked
//
// A gateway executes what comes over one connection in order, but knows no order
// between connections. A [Lane] keeps account of one connection: which commands
// were appended to it, and which of them the gateway must have executed because
// it answered a question that came later. A question may go over another
// connection once the Lane of the commands is settled.
//
// The package knows no Register, and nothing of what frames mean beyond which
// commands are questions and how long their answers may be.
package innerclient
