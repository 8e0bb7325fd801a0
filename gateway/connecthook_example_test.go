package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Clients come with a token in their URL. Who has a good one is bound to a uid before
// any worker hears of the handshake; others get a 403 in place of it.
func ExampleConnectHook() {
	names := map[string]string{"7f3a": "Ann"} // in place of a database
	find := func(_ context.Context, token string) (string, error) {
		if token == "" {
			return "", errors.New("the database is down")
		}
		return names[token], nil
	}
	var hook gateway.ConnectHook = func(ctx context.Context, r *gateway.ConnectRequest) (gateway.ConnectAnswer, error) {
		name, err := find(ctx, r.Values().Get("token"))
		switch {
		case err != nil:
			return gateway.ConnectAnswer{}, err // it cannot decide
		case name == "":
			return gateway.ConnectAnswer{Status: http.StatusForbidden, Body: "who are you?"}, nil
		}
		session := phpserialize.NewArray()
		session.SetString("name", name)
		return gateway.ConnectAnswer{UID: name, Groups: []string{"everybody"}, Session: session}, nil
	}
	g, err := gateway.New(gateway.Options{Listen: "websocket://0.0.0.0:8282", ConnectHook: hook})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = g // g.ListenAndServe()
}
