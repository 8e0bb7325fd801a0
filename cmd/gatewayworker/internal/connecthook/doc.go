// Package connecthook asks an HTTP endpoint about clients before they get their
// websocket: it is a [gateway.ConnectHook].
//
// It owns what goes to the endpoint (request.go) and what comes back (answer.go),
// the connections to it, and the circuit that spares an endpoint that is down
// (hook.go). It never knows what becomes of a client: who waits for how long, and
// what an endpoint that cannot be asked means for clients, is the gateway's.
package connecthook
