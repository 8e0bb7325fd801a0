package chat

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// What a message may have, in characters.
const (
	maxName = 24
	maxRoom = 32
	maxText = 2000
)

// roomPrefix is in front of a room's name in its group's name, so that a room
// may be called anything and other programs' groups are no rooms.
const roomPrefix = "room:"

// Events is the chat, as PHP's class Events is in docs/chat/Events.php.
type Events struct{}

// OnWebSocketConnect tells a new client who it is, and which rooms there are.
func (Events) OnWebSocketConnect(ctx context.Context, e *businessworker.Event, _ *businessworker.Handshake) error {
	groups, err := e.Gateway().AllGroups(ctx)
	rooms := []string{}
	for _, group := range groups {
		if room, ok := strings.CutPrefix(group, roomPrefix); ok {
			rooms = append(rooms, room)
		}
	}
	return errors.Join(err, reply(ctx, e, welcome{"welcome", e.ClientID().String(), rooms}))
}

// OnMessage does what a client asks for.
func (c Events) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	var r request
	if err := json.Unmarshal(msg, &r); err != nil {
		return complain(ctx, e, "This is not a message.")
	}
	switch r.Type {
	case "login":
		return c.login(ctx, e, strings.TrimSpace(r.Name), strings.TrimSpace(r.Room))
	case "leave":
		return c.leave(ctx, e)
	case "say":
		return c.say(ctx, e, strings.TrimSpace(r.Text), r.To)
	}
	return complain(ctx, e, "This is not a message.")
}

// OnClose tells the others that a client is gone.
func (c Events) OnClose(ctx context.Context, e *businessworker.Event) error {
	return c.sayGoodbye(ctx, e)
}

func (c Events) login(ctx context.Context, e *businessworker.Event, name, room string) error {
	if !fits(name, maxName) || !fits(room, maxRoom) {
		return complain(ctx, e, "A name has 1 to 24 characters, a room 1 to 32.")
	}
	if err := c.leave(ctx, e); err != nil {
		return err
	}
	// In this order of two who enter at the same time each learns of the other:
	// who is in the group has a name, and the list is asked for after joining.
	me := member{e.ClientID().String(), name}
	if err := errors.Join(
		e.Gateway().SetSession(ctx, e.ClientID(), map[string]string{"name": name, "room": room}),
		e.JoinGroup(ctx, roomPrefix+room),
		sendToRoom(ctx, e, room, news{"joined", me}, gatewayclient.Exclude(e.ClientID())),
	); err != nil {
		return err
	}
	sessions, err := e.Gateway().ClientSessionsByGroup(ctx, roomPrefix+room)
	list := roomList{Type: "room", Room: room}
	for _, s := range sessions {
		who, _ := s.Session.Array()
		list.Members = append(list.Members, member{s.ClientID.String(), stringOf(who, "name")})
	}
	return errors.Join(err, reply(ctx, e, list))
}

func (c Events) leave(ctx context.Context, e *businessworker.Event) error {
	room := e.Session().String("room")
	if room == "" {
		return nil
	}
	return errors.Join(
		e.LeaveGroup(ctx, roomPrefix+room),
		c.sayGoodbye(ctx, e), // the session says who leaves what
		e.Gateway().SetSession(ctx, e.ClientID(), nil),
	)
}

func (Events) say(ctx context.Context, e *businessworker.Event, text, to string) error {
	room := e.Session().String("room")
	if room == "" {
		return complain(ctx, e, "Enter a room first.")
	}
	if !fits(text, maxText) {
		return complain(ctx, e, "A message has 1 to 2000 characters.")
	}
	m := said{Type: "say", member: member{e.ClientID().String(), e.Session().String("name")}, Text: text}
	if to == "" {
		return sendToRoom(ctx, e, room, m)
	}
	// A private message goes to a member of the same room, and back to its author.
	id, err := gatewayclient.ParseClientID(to)
	if err != nil {
		return complain(ctx, e, "Nobody has this client id.")
	}
	session, err := e.Gateway().Session(ctx, id)
	if err != nil && !errors.Is(err, gatewayclient.ErrClientOffline) {
		return err
	}
	who, _ := session.Array()
	if stringOf(who, "room") != room {
		return complain(ctx, e, "Nobody here has this client id; perhaps they just left.")
	}
	m.To, m.ToName = to, stringOf(who, "name")
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return errors.Join(e.Gateway().SendToClient(ctx, id, body), e.Send(ctx, body))
}

func (Events) sayGoodbye(ctx context.Context, e *businessworker.Event) error {
	room := e.Session().String("room")
	if room == "" {
		return nil
	}
	return sendToRoom(ctx, e, room, news{"left", member{e.ClientID().String(), e.Session().String("name")}})
}

func sendToRoom(ctx context.Context, e *businessworker.Event, room string, v any, opts ...gatewayclient.SendOption) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return e.Gateway().SendToGroup(ctx, roomPrefix+room, body, opts...)
}

func reply(ctx context.Context, e *businessworker.Event, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return e.Send(ctx, body)
}

func complain(ctx context.Context, e *businessworker.Event, text string) error {
	return reply(ctx, e, complaint{"error", text})
}

func stringOf(session *phpserialize.Array, key string) string {
	if session == nil {
		return ""
	}
	v, _ := session.GetString(key)
	text, _ := phpserialize.ToString(v)
	return text
}

func fits(text string, limit int) bool {
	return text != "" && utf8.RuneCountInString(text) <= limit
}
