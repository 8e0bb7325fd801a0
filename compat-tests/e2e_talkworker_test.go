package compattests

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
)

// talkHandler is testdata/e2e/TalkEvents.php in Go.
type talkHandler struct{}

func (talkHandler) OnConnect(_ context.Context, e *businessworker.Event) error {
	return e.Session().Set("from", "connect")
}

func (talkHandler) OnWebSocketConnect(ctx context.Context, e *businessworker.Event, h *businessworker.Handshake) error {
	name := h.Query.Get("name")
	g := e.Gateway()
	err := errors.Join(
		e.Session().Set("name", name),
		e.Session().Set("agent", h.Server.Header.Get("X-Agent")),
		g.SendToGroup(ctx, "room", []byte("join "+name)),
		e.BindUID(ctx, "u-"+name),
		e.JoinGroup(ctx, "room"),
	)
	n, countErr := g.ClientCountByGroup(ctx, "room")
	return errors.Join(err, countErr, e.Send(ctx, fmt.Appendf(nil, "welcome %s, %d here", name, n)))
}

func (talkHandler) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	words := append(strings.SplitN(string(msg), " ", 3), "", "")
	verb, first, rest := words[0], words[1], words[2]
	g := e.Gateway()
	name := e.Session().String("name")
	switch verb {
	case "say":
		return g.SendToGroup(ctx, "room", []byte(name+": "+first))
	case "tell":
		return errors.Join(g.SendToUID(ctx, first, []byte(name+" whispers: "+rest)), e.Send(ctx, []byte("told")))
	case "shout":
		return errors.Join(
			g.SendToAll(ctx, []byte(name+" shouts: "+first), gatewayclient.Exclude(e.ClientID())),
			e.Send(ctx, []byte("shouted")))
	case "set":
		return errors.Join(e.Session().Set(first, rest), e.Send(ctx, []byte("set")))
	case "session":
		data, err := phpjson.Encode(e.Session().Array(), phpjson.Options{})
		return errors.Join(err, e.Send(ctx, data))
	case "count":
		all, err1 := g.ClientCount(ctx)
		room, err2 := g.ClientCountByGroup(ctx, "room")
		ids, err3 := g.ClientIDsByUID(ctx, "u-"+name)
		nobody, err4 := g.IsUIDOnline(ctx, "u-nobody")
		return errors.Join(err1, err2, err3, err4, sendJSON(ctx, e, []any{all, room, len(ids), nobody}))
	case "names":
		sessions, err := g.ClientSessionsByGroup(ctx, "room")
		var names []string
		for _, s := range sessions {
			var session struct {
				Name string `php:"name"`
			}
			err = errors.Join(err, s.Session.Decode(&session))
			names = append(names, session.Name)
		}
		slices.Sort(names)
		return errors.Join(err, sendJSON(ctx, e, names))
	case "quit":
		return e.Close(ctx, []byte("bye"))
	}
	return nil
}

func (talkHandler) OnClose(ctx context.Context, e *businessworker.Event) error {
	return e.Gateway().SendToGroup(ctx, "room", []byte("left "+e.Session().String("name")))
}

func sendJSON(ctx context.Context, e *businessworker.Event, v any) error {
	data, err := json.Marshal(v)
	return errors.Join(err, e.Send(ctx, data))
}

// goWorker runs talkHandler and waits until it is connected to all gateways.
func (e *e2e) goWorker(gateways int, registers []*e2eRegister) {
	e.Helper()
	w, err := businessworker.New(talkHandler{}, businessworker.Options{
		Name: "E2EWorker", RegisterAddresses: addressesOf(registers), SecretKey: registers[0].key,
		Logger: e.stage.logger("businessworker"),
	})
	if err != nil {
		e.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	e.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, businessworker.ErrWorkerClosed) && !errors.Is(err, context.Canceled) {
			e.Errorf("worker: %v", err)
		}
		if n := w.Stats().Errors; n != 0 {
			e.Errorf("%d handlers of the Go worker failed", n)
		}
	})
	for start := time.Now(); w.Stats().Gateways < gateways; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > e2ePatience {
			e.Fatalf("the Go worker is connected to %d gateways, want %d", w.Stats().Gateways, gateways)
		}
	}
}
