package main

import (
	"context"
	"encoding/json"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
)

// room handles the events of clients. It has no fields: a client's state is its
// session, which the gateway keeps, so that any worker can handle its next event.
type room struct{}

// message is what clients send and receive, as JSON.
type message struct {
	Type     string `json:"type"` // from clients: join, say, bye
	Room     string `json:"room,omitempty"`
	Name     string `json:"name,omitempty"`
	Text     string `json:"text,omitempty"`
	ClientID string `json:"client_id,omitempty"`
}

func (m message) json() []byte {
	text, _ := json.Marshal(m) // strings can always be encoded
	return text
}

// OnConnect is Events::onConnect.
func (room) OnConnect(ctx context.Context, e *businessworker.Event) error {
	return e.Send(ctx, message{Type: "welcome", ClientID: e.ClientID().String()}.json())
}

// OnMessage is Events::onMessage. An error that it returns is logged with the
// client id; the client stays connected.
func (r room) OnMessage(ctx context.Context, e *businessworker.Event, text []byte) error {
	var in message
	if err := json.Unmarshal(text, &in); err != nil {
		return e.Send(ctx, message{Type: "error", Text: "a message is a JSON object"}.json())
	}
	switch in.Type {
	case "join":
		return r.join(ctx, e, in)
	case "say":
		return r.say(ctx, e, in)
	case "bye":
		return e.Close(ctx, message{Type: "bye"}.json())
	}
	return e.Send(ctx, message{Type: "error", Text: "type is join, say or bye"}.json())
}

func (room) join(ctx context.Context, e *businessworker.Event, in message) error {
	session := e.Session() // $_SESSION
	if in.Room == "" || in.Name == "" || session.Has("room") {
		return e.Send(ctx, message{Type: "error", Text: "join takes a room and a name, once"}.json())
	}
	if err := session.Set("room", in.Room); err != nil {
		return err
	}
	if err := session.Set("name", in.Name); err != nil {
		return err
	}
	if err := e.JoinGroup(ctx, in.Room); err != nil {
		return err
	}
	return e.Gateway().SendToGroup(ctx, in.Room, message{Type: "joined", Name: in.Name}.json())
}

func (room) say(ctx context.Context, e *businessworker.Event, in message) error {
	session := e.Session()
	if !session.Has("room") {
		return e.Send(ctx, message{Type: "error", Text: "join a room first"}.json())
	}
	out := message{Type: "said", Name: session.String("name"), Text: in.Text}
	return e.Gateway().SendToGroup(ctx, session.String("room"), out.json())
}

// OnClose is Events::onClose. The client has left its groups by now.
func (room) OnClose(ctx context.Context, e *businessworker.Event) error {
	session := e.Session()
	if !session.Has("room") {
		return nil
	}
	return e.Gateway().SendToGroup(ctx, session.String("room"), message{Type: "left", Name: session.String("name")}.json())
}
