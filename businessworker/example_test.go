package businessworker_test

import (
	"context"
	"log"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
)

// A handler can be a function when messages are all it wants.
func ExampleMessageFunc() {
	echo := businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		return e.Send(ctx, msg)
	})
	w, err := businessworker.New(echo, businessworker.Options{Name: "echo"})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(w.Run(context.Background()))
}

type doorkeeper struct{ chat }

// Clients are checked at the handshake: query, headers and cookies are there.
func (doorkeeper) OnWebSocketConnect(ctx context.Context, e *businessworker.Event, hs *businessworker.Handshake) error {
	if hs.Query.Get("token") != "letmein" {
		return e.Close(ctx, []byte("no entry"))
	}
	if ip := hs.Server.Header.Get("X-Real-Ip"); ip != "" {
		return e.Session().Set("ip", ip)
	}
	return nil
}

func ExampleWebSocketConnectHandler() {
	w, err := businessworker.New(doorkeeper{}, businessworker.Options{})
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(w.Run(context.Background()))
}

// A session may be a struct: its fields are keys of PHP's $_SESSION.
func ExampleSession_Encode() {
	type visit struct {
		Name  string `php:"name"`
		Count int    `php:"count"`
	}
	_ = businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		var v visit
		if err := e.Session().Decode(&v); err != nil {
			return err
		}
		v.Count++
		return e.Session().Encode(v) // written back when the handler returns
	})
}
