// Package connect is a client for the terminal: "gatewayworker connect". It
// speaks what a gateway's clients speak (websocket, text, frame, tcp, each with
// and without TLS), sends the lines that are typed and shows the messages that
// come; for scripts it sends what it is told to and waits for what it should get.
package connect
