package gatewayclient_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

func Example() {
	c, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: []string{"10.0.0.1:1236", "10.0.0.2:1236"},
		SecretKey:         "secret",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := c.SendToUID(ctx, "42", []byte(`{"type":"order_paid"}`)); err != nil {
		log.Print(err)
	}
}

// A call that asks all gateways returns what it got, and an error that names
// the gateways that are missing.
func ExampleFailedGateways() {
	var (
		c   *gatewayclient.Client
		ctx context.Context
	)
	n, err := c.ClientCount(ctx)
	if failed := gatewayclient.FailedGateways(err); len(failed) > 0 {
		log.Printf("at least %d clients; no answer from %v: %v", n, failed, err)
	} else if err != nil {
		log.Print(err) // no Register, no gateways
	}
}

func ExampleClient_SendToGroup() {
	var (
		c      *gatewayclient.Client
		ctx    context.Context
		sender gatewayclient.ClientID
	)
	err := c.SendToGroup(ctx, "room-1", []byte("hello"), gatewayclient.Exclude(sender))
	if err != nil {
		log.Print(err)
	}
}

func ExampleClient_Session() {
	type user struct {
		Name string `php:"client_name"`
		Room int    `php:"room_id"`
	}
	var (
		c   *gatewayclient.Client
		ctx context.Context
		id  gatewayclient.ClientID
		u   user
	)
	session, err := c.Session(ctx, id)
	if err == nil {
		err = session.Decode(&u)
	}
	if err != nil {
		log.Print(err)
	}
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

func ExampleClient_Select() {
	var (
		c   *gatewayclient.Client
		ctx context.Context
	)
	infos, err := c.Select(ctx, gatewayclient.Query{
		Fields: []gatewayclient.Field{gatewayclient.FieldUID, gatewayclient.FieldSession},
		Groups: []string{"room-1"},
	})
	for _, info := range infos {
		fmt.Println(info.ClientID, info.UID, len(info.Session))
	}
	if err != nil {
		log.Print(err)
	}
}
