// Push is an HTTP server to start from that pushes to users of a GatewayWorker
// cluster: what PHP-FPM does with GatewayClient.
//
//	POST /users/42/messages    sends the body to every connection of user 42
//	GET  /users/42             tells whether user 42 is online
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "where to serve HTTP: every peer that reaches it may push")
	registers := flag.String("register", "127.0.0.1:1236", "Registers, host:port, separated by commas")
	flag.Parse()

	// One Client serves the whole program: it follows the list of gateways and
	// keeps its connections.
	client, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: strings.Split(*registers, ","),
		SecretKey:         os.Getenv("GATEWAYWORKER_SECRET_KEY"),
	})
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: newPush(client), ReadHeaderTimeout: 5 * time.Second}

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		// Requests under way are answered first, then what they sent is executed.
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(server.Shutdown(ctx), client.Drain(ctx)); err != nil {
			log.Print(err)
		}
	}()
	log.Printf("push: serving on http://%s", *listen)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-stopped
}
