package businessworker_test

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"os/signal"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

// chat is a chat with rooms. docs/business-worker.md shows it beside an
// Events.php that does the same.
type chat struct{}

// line is what clients and the chat say to each other.
type line struct {
	Type string            `json:"type"`
	Room string            `json:"room,omitempty"`
	Name string            `json:"name,omitempty"`
	Text string            `json:"text,omitempty"`
	To   string            `json:"to,omitempty"` // a client id; empty: to all in the room
	From string            `json:"from,omitempty"`
	Here map[string]string `json:"here,omitempty"` // who is in the room: client id => name
}

func (l line) json() []byte {
	b, _ := json.Marshal(l) // strings always have a text
	return b
}

func (chat) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	var in line
	if json.Unmarshal(msg, &in) != nil {
		return nil
	}
	session, gateway, me := e.Session(), e.Gateway(), e.ClientID().String()

	switch in.Type {
	case "login":
		session.Set("room", in.Room)
		session.Set("name", in.Name)
		if err := session.Save(ctx); err != nil { // who logs in next looks at it
			return err
		}

		members, err := gateway.ClientSessionsByGroup(ctx, in.Room)
		if err != nil {
			return err
		}
		here := map[string]string{me: in.Name}
		for _, m := range members {
			var s struct {
				Name string `php:"name"`
			}
			if err := m.Session.Decode(&s); err != nil {
				return err
			}
			here[m.ClientID.String()] = s.Name
		}
		joined := line{Type: "login", From: me, Name: in.Name}
		if err := gateway.SendToGroup(ctx, in.Room, joined.json()); err != nil {
			return err
		}
		if err := e.JoinGroup(ctx, in.Room); err != nil {
			return err
		}
		joined.Here = here
		return e.Send(ctx, joined.json())

	case "say":
		if !session.Has("room") {
			return e.Close(ctx, line{Type: "error", Text: "log in first"}.json())
		}
		said := line{Type: "say", From: me, Name: session.String("name"), Text: in.Text}
		if in.To == "" {
			return gateway.SendToGroup(ctx, session.String("room"), said.json())
		}
		to, err := gatewayclient.ParseClientID(in.To)
		if err != nil {
			return err
		}
		return gateway.SendToClient(ctx, to, said.json())
	}
	return nil
}

func (chat) OnClose(ctx context.Context, e *businessworker.Event) error {
	session := e.Session()
	if !session.Has("room") {
		return nil
	}
	left := line{Type: "logout", From: e.ClientID().String(), Name: session.String("name")}
	return e.Gateway().SendToGroup(ctx, session.String("room"), left.json())
}

// A chat back end, whole.
func Example() {
	worker, err := businessworker.New(chat{}, businessworker.Options{
		Name:              "ChatBusinessWorker",
		RegisterAddresses: []string{"127.0.0.1:1236"},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := worker.Run(ctx); err != nil {
		log.Fatal(err)
	}
}
