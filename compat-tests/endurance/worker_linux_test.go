package endurance

import (
	"bytes"
	"context"
	"strconv"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
)

// echoHandler does what the first letter of a message says, and answers, so that
// the client knows that it was done:
//
//	e...  send the message back
//	j...  join the group
//	l...  leave the group
//	u...  bind to the uid
//	s...  count in the session how often that was asked, and keep the text there
//	g...  send the text after the space to the group before it; no answer of its own
//	a...  send the text to all; no answer of its own
//	z...  nothing at all
//	?...  answer with the length
type echoHandler struct{}

func (echoHandler) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	if len(msg) == 0 {
		return nil
	}
	rest := msg[1:]
	var err error
	switch msg[0] {
	case 'e':
	case 'j':
		err = e.JoinGroup(ctx, string(rest))
	case 'l':
		err = e.LeaveGroup(ctx, string(rest))
	case 'u':
		err = e.BindUID(ctx, string(rest))
	case 's':
		if err = e.Session().Set("n", e.Session().Int("n")+1); err == nil {
			err = e.Session().Set("text", string(rest))
		}
	case 'g':
		group, text, _ := bytes.Cut(rest, []byte(" "))
		return e.Gateway().SendToGroup(ctx, string(group), text)
	case 'a':
		return e.Gateway().SendToAll(ctx, rest)
	case 'z':
		return nil
	default:
		msg = strconv.AppendInt(nil, int64(len(msg)), 10)
	}
	if err != nil {
		return err
	}
	return e.Send(ctx, msg)
}
