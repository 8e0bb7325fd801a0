package businessworker_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// counter tells each client how many messages it has sent.
type counter struct{}

func (counter) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	session := e.Session()
	if err := session.Set("count", session.Int("count")+1); err != nil {
		return err
	}
	return e.Send(ctx, fmt.Appendf(nil, "%s: message %d", msg, session.Int("count")))
}

func (counter) OnStop(_ context.Context, w *businessworker.Worker) error {
	fmt.Println(w.Name(), "stops")
	return nil
}

// A cluster in one process: a Register, a gateway whose clients send lines of
// text, and a worker. In earnest each is a process of its own, and there are
// several gateways and workers.
func Example_serve() {
	quiet := slog.New(slog.DiscardHandler)
	registers, clients, inner := listen(), listen(), listen()

	r, err := register.NewServer(register.Options{Slog: quiet})
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	go r.Serve(registers)

	g, err := gateway.New(gateway.Options{
		Listen:            "text://" + clients.Addr().String(),
		StartPort:         inner.Addr().(*net.TCPAddr).Port,
		RegisterAddresses: []string{registers.Addr().String()},
		Slog:              quiet,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	go g.Serve(clients, inner)

	w, err := businessworker.New(counter{}, businessworker.Options{
		Name:              "counter",
		RegisterAddresses: []string{registers.Addr().String()},
		Slog:              quiet,
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- w.Run(ctx) }()

	answers, err := talk(clients.Addr().String(), "hello", "bye")
	for err != nil { // a gateway closes clients while it has no worker
		answers, err = talk(clients.Addr().String(), "hello", "bye")
	}
	fmt.Println(strings.Join(answers, "\n"))
	stop()
	if err := <-stopped; err != nil {
		log.Fatal(err)
	}
	// Output:
	// hello: message 1
	// bye: message 2
	// counter stops
}

func listen() net.Listener {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return ln
}

// talk sends lines as a client and returns the answer to each.
func talk(address string, lines ...string) (answers []string, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	in := bufio.NewScanner(conn)
	for _, line := range lines {
		if _, err := fmt.Fprintln(conn, line); err != nil {
			return nil, err
		}
		if !in.Scan() {
			return nil, errors.Join(in.Err(), net.ErrClosed)
		}
		answers = append(answers, in.Text())
	}
	return answers, nil
}
