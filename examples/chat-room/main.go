// Chat-room is a business worker to start from: what an Events.php does in PHP.
// Clients join a room, speak to all who are in it, and leave.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
)

func main() {
	registers := flag.String("register", "127.0.0.1:1236", "Registers, host:port, separated by commas")
	flag.Parse()

	worker, err := businessworker.New(room{}, businessworker.Options{
		Name:              "chat-room",
		RegisterAddresses: strings.Split(*registers, ","),
		SecretKey:         os.Getenv("GATEWAYWORKER_SECRET_KEY"),
	})
	if err != nil {
		log.Fatal(err)
	}
	// Run ends in good order: what clients have sent is handled, and gateways
	// give the clients to other workers.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := worker.Run(ctx); err != nil {
		log.Print(err)
	}
}
