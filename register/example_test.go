package register_test

import (
	"context"
	"fmt"
	"io"
	"net"

	"github.com/go-gatewayworker/gatewayworker/register"
	"github.com/sirupsen/logrus"
)

// A Register, a gateway that announces itself, and a worker that gets the list.
func Example() {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server, err := register.NewServer(register.Options{SecretKey: "secret", Logger: quiet})
	if err != nil {
		panic(err)
	}
	go server.Serve(ln)
	defer server.Close()

	ctx, cancel := context.WithCancel(context.Background())
	opts := register.ClientOptions{
		RegisterAddresses: []string{ln.Addr().String()},
		SecretKey:         "secret",
		Logger:            quiet,
	}
	gateway, err := register.NewAnnouncer("127.0.0.1:2900", opts)
	if err != nil {
		panic(err)
	}
	lists := make(chan []string, 8)
	worker, err := register.NewWatcher(func(addresses []string) { lists <- addresses }, opts)
	if err != nil {
		panic(err)
	}

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
