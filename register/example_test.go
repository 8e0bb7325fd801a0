package register_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/go-gatewayworker/gatewayworker/register"
	"github.com/sirupsen/logrus"
)

// A Register, a gateway that announces itself, and a worker that is told.
func Example() {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := register.NewServer(register.Options{SecretKey: "secret", Logger: quiet})
	go server.Serve(ln)
	defer server.Close()

	ctx, cancel := context.WithCancel(context.Background())
	opts := register.ClientOptions{
		Registers: []string{ln.Addr().String()},
		SecretKey: "secret",
		Logger:    quiet,
	}
	gateway := register.NewAnnouncer("127.0.0.1:2900", opts)
	lists := make(chan []string, 8)
	worker := register.NewWatcher(func(addresses []string) { lists <- addresses }, opts)

	done := make(chan error)
	go func() { done <- worker.Run(ctx) }()
	fmt.Println("at first:", <-lists)
	go func() { done <- gateway.Run(ctx) }()
	fmt.Println("then:", <-lists)

	asked, err := register.Lookup(ctx, opts)
	fmt.Println("asked:", asked, err)

	cancel()
	<-done
	<-done
	// Output:
	// at first: []
	// then: [127.0.0.1:2900]
	// asked: [127.0.0.1:2900] <nil>
}
