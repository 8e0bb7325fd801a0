package gateway_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/register"
)

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return l
}

// A Register, a gateway and a business worker in one process, and a websocket
// client that talks to them.
func Example() {
	quiet := slog.New(slog.DiscardHandler)
	registry, err := register.NewServer(register.Options{Slog: quiet})
	if err != nil {
		log.Fatal(err)
	}
	registers := listen()
	go registry.Serve(registers)
	defer registry.Close()
	addresses := []string{registers.Addr().String()}

	workerIsThere := make(chan struct{})
	g, err := gateway.New(gateway.Options{
		Listen:                    "websocket://127.0.0.1:0",
		RegisterAddresses:         addresses,
		OnBusinessWorkerConnected: func(gateway.BusinessWorker) { close(workerIsThere) },
		Slog:                      quiet,
	})
	if err != nil {
		log.Fatal(err)
	}
	clients, inner := listen(), listen()
	go g.Serve(clients, inner) // or ListenAndServe, on the ports of Options
	defer g.Close()

	echo := businessworker.MessageFunc(func(ctx context.Context, e *businessworker.Event, msg []byte) error {
		return e.Send(ctx, fmt.Appendf(nil, "you said %s", msg))
	})
	worker, err := businessworker.New(echo, businessworker.Options{Name: "echo", RegisterAddresses: addresses, Slog: quiet})
	if err != nil {
		log.Fatal(err)
	}
	go worker.Run(context.Background())
	defer worker.Close()
	<-workerIsThere

	ws, _, err := websocket.DefaultDialer.Dial("ws://"+clients.Addr().String(), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ws.Close()
	for _, text := range []string{"hello", "good-bye"} {
		if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			log.Fatal(err)
		}
		_, answer, err := ws.ReadMessage()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s\n", answer)
	}

	// The program that the gateway runs in can send, too.
	_, err = g.Execute(context.Background(), gatewayprotocol.Message{
		Cmd:  gatewayprotocol.CmdSendToAll,
		Flag: gatewayprotocol.FlagBodyIsScalar,
		Body: []byte("to all"),
	})
	if err != nil {
		log.Fatal(err)
	}
	_, message, err := ws.ReadMessage()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s; clients: %d\n", message, g.Stats().Clients)
	// Output:
	// you said hello
	// you said good-bye
	// to all; clients: 1
}

// Requests without the right token, and those of pages from elsewhere, are
// refused before a worker gets their event.
func ExampleOptions_onHandshake() {
	g, err := gateway.New(gateway.Options{
		Listen: "websocket://127.0.0.1:0",
		OnHandshake: func(h *gateway.Handshake) (status int) {
			switch {
			case h.Header("Origin") != "https://shop.example":
				return http.StatusForbidden
			case h.Query().Get("token") != "letmein":
				return http.StatusUnauthorized
			}
			return 0
		},
		NoRegister: true,
		Slog:       slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	clients, inner := listen(), listen()
	go g.Serve(clients, inner)
	defer g.Close()
	worker := connectWorker(inner.Addr().String())
	defer worker.Close()

	for _, query := range []string{"?token=guess", "?token=letmein"} {
		ws, resp, err := websocket.DefaultDialer.Dial("ws://"+clients.Addr().String()+"/"+query, http.Header{"Origin": {"https://shop.example"}})
		if err == nil {
			defer ws.Close()
		}
		fmt.Println(query, resp.StatusCode)
	}
	// Output:
	// ?token=guess 401
	// ?token=letmein 101
}

// connectWorker takes the place of a business worker, without which a gateway
// takes no clients: it connects, and reads nothing.
func connectWorker(inner string) net.Conn {
	conn, err := net.Dial("tcp", inner)
	if err != nil {
		log.Fatal(err)
	}
	b := gatewayprotocol.AppendMessage(nil, &gatewayprotocol.Message{
		Cmd:  gatewayprotocol.CmdWorkerConnect,
		Flag: gatewayprotocol.FlagBodyIsScalar,
		Body: []byte(`{"worker_key":"worker:0","secret_key":""}`),
	})
	b = gatewayprotocol.AppendMessage(b, &gatewayprotocol.Message{Cmd: gatewayprotocol.CmdIsOnline})
	if _, err := conn.Write(b); err != nil {
		log.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 8)); err != nil { // the answer: it is connected
		log.Fatal(err)
	}
	return conn
}
