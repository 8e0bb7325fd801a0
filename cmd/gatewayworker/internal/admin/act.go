package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// maxAction bounds the body of a request that changes something.
const maxAction = 1 << 20

// actor does what operators ask for, and logs it.
type actor struct {
	observed *Observed
	log      logrus.FieldLogger
}

// target says who is meant: one of its fields.
type target struct {
	Client  string `json:"client_id"`
	UID     string `json:"uid"`
	Group   string `json:"group"`
	All     bool   `json:"all"`
	Gateway string `json:"gateway"` // with uid, group and all: that one alone
}

type action struct {
	target
	Message *string `json:"message"`
}

// done is the answer to an action.
type done struct {
	Clients int `json:"clients"` // that it concerned
}

var errOneTarget = errors.New("want one of client_id, uid, group, all")

// check reports an error unless exactly one field says who is meant.
func (t *target) check() error {
	n := 0
	for _, given := range []bool{t.Client != "", t.UID != "", t.Group != "", t.All} {
		if given {
			n++
		}
	}
	if n != 1 {
		return errOneTarget
	}
	return nil
}

// fields are those of the log line.
func (t *target) fields(r *http.Request) logrus.Fields {
	f := logrus.Fields{"remote": r.RemoteAddr}
	for name, value := range map[string]string{"client_id": t.Client, "uid": t.UID, "group": t.Group, "gateway": t.Gateway} {
		if value != "" {
			f[name] = clip(value)
		}
	}
	if t.All {
		f["all"] = true
	}
	return f
}

// readAction reads the body of a request. It answers one that it cannot read, and
// reports false.
func readAction(w http.ResponseWriter, r *http.Request) (a action, ok bool) {
	ok = readJSON(w, r, &a, a.check)
	return a, ok
}

// readJSON reads the body of a request into an object, which check then looks at. It
// answers a request that it cannot read, and reports false.
func readJSON(w http.ResponseWriter, r *http.Request, into any, check func() error) bool {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAction))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more than one value")
		}
	}
	if err == nil {
		err = check()
	}
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the request has more than %d bytes", maxAction))
	case err != nil:
		refuse(w, http.StatusBadRequest, err.Error())
	}
	return err == nil
}

// send sends a message to a client, to those of a uid or a group, or to all.
func (x *actor) send(w http.ResponseWriter, r *http.Request) {
	a, ok := readAction(w, r)
	if !ok {
		return
	}
	if a.Message == nil || *a.Message == "" {
		refuse(w, http.StatusBadRequest, "want a message")
		return
	}
	frames, clients, ok := x.frames(w, &a, gatewayprotocol.CmdSendToOne)
	if ok && x.execute(w, r, frames) {
		x.log.WithFields(a.fields(r)).WithFields(logrus.Fields{"clients": clients, "bytes": len(*a.Message)}).Info("the operator sent a message")
		answer(w, done{clients})
	}
}

// kick ends the connection of a client, or of those of a uid, after a last message
// if there is one.
func (x *actor) kick(w http.ResponseWriter, r *http.Request) {
	a, ok := readAction(w, r)
	if !ok {
		return
	}
	if a.Group != "" || a.All {
		refuse(w, http.StatusBadRequest, "want client_id or uid: a group or all clients are not kicked at once")
		return
	}
	frames, clients, ok := x.frames(w, &a, gatewayprotocol.CmdKick)
	if ok && x.execute(w, r, frames) {
		x.log.WithFields(a.fields(r)).WithField("clients", clients).Info("the operator kicked clients")
		answer(w, done{clients})
	}
}

// frame is a command for a gateway.
type frame struct {
	gateway *Gateway
	message gatewayprotocol.Message
}

// frames returns what carries an action out, and how many clients it concerns. It
// answers the request, and reports false, if that is none. Clients are found one
// by one, as they are listed: what is sent to a name goes to those who have it now.
func (x *actor) frames(w http.ResponseWriter, a *action, cmd gatewayprotocol.Command) ([]frame, int, bool) {
	m := gatewayprotocol.Message{Cmd: cmd, Flag: gatewayprotocol.FlagBodyIsScalar}
	if a.Message != nil {
		m.Body = []byte(*a.Message)
	} else {
		m.Flag, m.Body = 0, []byte("N;") // PHP's null: no last message
	}
	if a.Client != "" {
		g, id, ok := findClient(w, x.observed, a.Client)
		if !ok {
			return nil, 0, false
		}
		if _, ok := g.Client(id.ConnectionID); !ok {
			refuse(w, http.StatusNotFound, notConnected)
			return nil, 0, false
		}
		m.ConnectionID = id.ConnectionID
		return []frame{{g, m}}, 1, true
	}
	gateways := x.observed.byName(a.Gateway)
	if len(gateways) == 0 {
		refuse(w, http.StatusNotFound, fmt.Sprintf("there is no gateway %q in this process", a.Gateway))
		return nil, 0, false
	}
	var frames []frame
	clients := 0
	for _, g := range gateways {
		of, n, err := framesToName(g, a, m)
		if err != nil {
			refuse(w, http.StatusBadRequest, err.Error())
			return nil, 0, false
		}
		frames, clients = append(frames, of...), clients+n
	}
	if clients == 0 {
		refuse(w, http.StatusNotFound, "no client of this name is connected")
		return nil, 0, false
	}
	return frames, clients, true
}

// framesToName returns the frames, made of m, for the clients that a gateway has of
// a uid or a group, or for all, and how many these are.
func framesToName(g *Gateway, a *action, m gatewayprotocol.Message) (frames []frame, clients int, err error) {
	var ids []uint32
	g.EachClient(func(c *gateway.ClientInfo) bool {
		f := filter{uid: a.UID, group: a.Group}
		if f.matches(c) {
			ids = append(ids, c.ID.ConnectionID)
		}
		return true
	})
	if m.Cmd == gatewayprotocol.CmdKick {
		for _, id := range ids {
			m.ConnectionID = id
			frames = append(frames, frame{g, m})
		}
		return frames, len(ids), nil
	}
	switch {
	case a.UID != "":
		m.Cmd = gatewayprotocol.CmdSendToUID
		m.ExtData, err = gatewayprotocol.AppendNamesExt(nil, []string{a.UID})
	case a.Group != "":
		m.Cmd = gatewayprotocol.CmdSendToGroup
		m.ExtData, err = gatewayprotocol.AppendGroupsExt(nil, []string{a.Group}, nil)
	default:
		m.Cmd = gatewayprotocol.CmdSendToAll
	}
	if len(ids) > 0 {
		frames = append(frames, frame{g, m})
	}
	return frames, len(ids), err
}

// execute has the gateways execute frames. It answers the request, and reports
// false, if one does not.
func (x *actor) execute(w http.ResponseWriter, r *http.Request, frames []frame) bool {
	for _, f := range frames {
		if _, err := f.gateway.Execute(r.Context(), f.message); err != nil {
			status := http.StatusBadGateway
			if errors.Is(err, gateway.ErrServerClosed) || errors.Is(err, context.Canceled) {
				status = http.StatusServiceUnavailable
			}
			refuse(w, status, err.Error())
			return false
		}
	}
	return true
}
