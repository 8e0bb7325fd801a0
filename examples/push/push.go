package main

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

const (
	maxMessage = 64 << 10        // bytes of a message
	patience   = 2 * time.Second // for the gateways' answers
)

// answer is the body of every response. A cluster answers as far as it can: with
// a gateway down the others are asked and commanded all the same, and Missing
// names the one that was not reached.
type answer struct {
	Connections int      `json:"connections"`       // of the user, at the gateways that answered
	Missing     []string `json:"missing,omitempty"` // gateways without an answer
	Error       string   `json:"error,omitempty"`
}

// push is the HTTP API.
type push struct{ client *gatewayclient.Client }

func newPush(client *gatewayclient.Client) http.Handler {
	p := &push{client}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{uid}", p.user)
	mux.HandleFunc("POST /users/{uid}/messages", p.message)
	return mux
}

func (p *push) user(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	connections, err := p.client.ClientIDsByUID(ctx, r.PathValue("uid"))
	respond(w, len(connections), err)
}

func (p *push) message(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if err != nil {
		http.Error(w, "the message is too long, or did not arrive", http.StatusBadRequest)
		return
	}
	// SendToUID alone would do: gateways do not say whom they reached. Asking
	// first lets the caller know.
	connections, err := p.client.ClientIDsByUID(ctx, r.PathValue("uid"))
	if len(connections) > 0 {
		if err := p.client.SendToClients(ctx, connections, text); err != nil {
			log.Printf("push: %v", err)
		}
	}
	respond(w, len(connections), err)
}

// respond answers with what is known. connections is right also beside an error:
// it is what the gateways that answered have.
func respond(w http.ResponseWriter, connections int, err error) {
	a := answer{Connections: connections}
	for _, gateway := range gatewayclient.FailedGateways(err) {
		a.Missing = append(a.Missing, gateway.String())
	}
	status := http.StatusOK
	switch {
	case connections > 0: // the message was sent, even if a gateway is missing
	case err != nil: // the user may be at a gateway that did not answer
		status, a.Error = http.StatusBadGateway, err.Error()
	default:
		status, a.Error = http.StatusNotFound, "the user is not online"
	}
	if err != nil {
		log.Printf("push: %v", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // it fails only if the caller is gone
}
