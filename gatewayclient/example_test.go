package gatewayclient_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

// Ask a cluster, and push to it. One of its two gateways does not answer: the
// result is there, and the error names what is missing from it.
func Example() {
	cluster := startCluster()
	defer cluster.end()

	c, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: []string{cluster.register},
		SecretKey:         "secret",
		Slog:              slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	clients, err := c.ClientCount(ctx)
	fmt.Println("clients:", clients)
	if failed := gatewayclient.FailedGateways(err); len(failed) > 0 {
		fmt.Println("not counted: those of", failed)
	} else if err != nil {
		log.Fatal(err) // no Register, or no gateways
	}

	if err := c.BindUID(ctx, cluster.id, "42"); err != nil {
		log.Fatal(err)
	}
	err = c.SendToUID(ctx, "42", []byte(`{"type":"order_paid"}`))
	fmt.Println("sent, but not to the users of", gatewayclient.FailedGateways(err))
	fmt.Println("the user hears", cluster.hears())
	// Output:
	// clients: 1
	// not counted: those of [127.0.0.1:1]
	// sent, but not to the users of [127.0.0.1:1]
	// the user hears {"type":"order_paid"}
}

// PHP programs send arrays, which the gateway's clients get as JSON.
func ExamplePHP() {
	cluster := startCluster()
	defer cluster.end()
	c, ctx := cluster.client(), context.Background()
	defer c.Close()

	err := c.SendToClient(ctx, cluster.id, nil, gatewayclient.PHP(map[string]any{"type": "joined", "name": "Zoë"}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cluster.hears())
	// Output: {"name":"Zoë","type":"joined"}
}

func ExampleClient_Session() {
	cluster := startCluster()
	defer cluster.end()
	c, ctx := cluster.client(), context.Background()
	defer c.Close()

	err := c.SetSession(ctx, cluster.id, map[string]any{"client_name": "Zoë", "room_id": 7})
	if err != nil {
		log.Fatal(err)
	}
	session, err := c.Session(ctx, cluster.id)
	if err != nil {
		log.Fatal(err)
	}
	var user struct {
		Name string `php:"client_name"`
		Room int    `php:"room_id"`
	}
	if err := session.Decode(&user); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", user)
	// Output: {Name:Zoë Room:7}
}

// The members of a group, gateway by gateway; an error is about one gateway.
func ExampleClient_Clients() {
	cluster := startCluster()
	defer cluster.end()
	c, ctx := cluster.client(), context.Background()
	defer c.Close()

	if err := c.JoinGroup(ctx, cluster.id, "room-1"); err != nil {
		log.Fatal(err)
	}
	for info, err := range c.Clients(ctx, gatewayclient.Query{Groups: []string{"room-1"}}) {
		if err != nil {
			fmt.Println("no answer from", gatewayclient.FailedGateways(err))
			continue
		}
		fmt.Println("a member of", info.Groups)
	}
	// Output:
	// a member of [room-1]
	// no answer from [127.0.0.1:1]
}

func ExampleSessionData_Decode() {
	session := gatewayclient.SessionData(`a:2:{s:11:"client_name";s:4:"Zoë";s:7:"room_id";s:1:"7";}`)
	var u struct {
		Name string `php:"client_name"`
		Room int    `php:"room_id"`
	}
	if err := session.Decode(&u); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", u)
	// Output: {Name:Zoë Room:7}
}

func ExampleEncodeSession() {
	session, err := gatewayclient.EncodeSession(map[string]any{"name": "Zoë", "tags": []string{"a"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", session)
	// Output: a:2:{s:4:"name";s:4:"Zoë";s:4:"tags";a:1:{i:0;s:1:"a";}}
}
