package command

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// benchClients is an executor with clients that all are in group "all", that
// have a uid each and a small session.
func benchClients(clients int) (*Executor, *nullGateway) {
	g := &nullGateway{hub: hub.New(0)}
	for i := range clients {
		c := &hub.Client{}
		g.hub.AddLocked(c)
		g.hub.BindUIDLocked(c, strconv.AppendInt(nil, int64(i+1), 10))
		g.hub.JoinLocked(c, []byte("all"))
		g.hub.SetSessionLocked(c, []byte(`a:1:{s:4:"name";s:3:"Bob";}`))
	}
	return New(g.hub, g, Options{Websocket: true}), g
}

func BenchmarkCommands(b *testing.B) {
	const clients = 10_000
	for _, bm := range []struct {
		name string
		per  int // clients concerned by one op
		next func(i int) gp.Message
	}{
		{"send to one", 1, func(i int) gp.Message {
			return gp.Message{Cmd: gp.CmdSendToOne, ConnectionID: uint32(i%clients) + 1}
		}},
		{"send to all", clients, func(int) gp.Message { return gp.Message{Cmd: gp.CmdSendToAll} }},
		{"send to all but one", clients - 1, func(int) gp.Message {
			return gp.Message{Cmd: gp.CmdSendToAll, ExtData: []byte(`{"exclude":{"5":5}}`)}
		}},
		{"send to group", clients, func(int) gp.Message {
			return gp.Message{Cmd: gp.CmdSendToGroup, ExtData: []byte(`{"group":["all"],"exclude":null}`)}
		}},
		{"send to uid", 1, func(i int) gp.Message {
			return gp.Message{Cmd: gp.CmdSendToUID, ExtData: fmt.Appendf(nil, `["%d"]`, i%clients+1)}
		}},
		{"is online", 1, func(i int) gp.Message {
			return gp.Message{Cmd: gp.CmdIsOnline, ConnectionID: uint32(i%clients) + 1}
		}},
		{"bind uid", 1, func(i int) gp.Message {
			return gp.Message{Cmd: gp.CmdBindUID, ConnectionID: uint32(i%clients) + 1, ExtData: strconv.AppendInt(nil, int64(i%100+1), 10)}
		}},
		{"join group", 1, func(i int) gp.Message {
			return gp.Message{Cmd: gp.CmdJoinGroup, ConnectionID: uint32(i%clients) + 1, ExtData: []byte("other")}
		}},
		{"join and leave group", 1, func(i int) gp.Message {
			cmd := gp.CmdJoinGroup
			if i%2 == 1 {
				cmd = gp.CmdLeaveGroup
			}
			return gp.Message{Cmd: cmd, ConnectionID: uint32(i/2%clients) + 1, ExtData: []byte("room" + strconv.Itoa(i/2%10))}
		}},
		{"leave and join big group", 1, func(i int) gp.Message {
			cmd := gp.CmdLeaveGroup
			if i%2 == 1 {
				cmd = gp.CmdJoinGroup
			}
			return gp.Message{Cmd: cmd, ConnectionID: uint32(i/2%clients) + 1, ExtData: []byte("all")}
		}},
		{"update session", 1, func(i int) gp.Message {
			return gp.Message{Cmd: gp.CmdUpdateSession, ConnectionID: uint32(i%clients) + 1, ExtData: []byte(`a:1:{s:3:"age";i:7;}`)}
		}},
		{"get session", 1, func(i int) gp.Message {
			return gp.Message{Cmd: gp.CmdGetSessionByClientID, ConnectionID: uint32(i%clients) + 1}
		}},
		{"count by group", 1, func(int) gp.Message {
			return gp.Message{Cmd: gp.CmdGetClientCountByGroup, ExtData: []byte("all")}
		}},
		{"all sessions", clients, func(int) gp.Message { return gp.Message{Cmd: gp.CmdGetAllClientSessions} }},
		{"select uids of a group", clients, func(int) gp.Message {
			return gp.Message{Cmd: gp.CmdSelect, ExtData: []byte(`{"fields":["uid"],"where":{"groups":["all"]}}`)}
		}},
		{"select everything of all", clients, func(int) gp.Message {
			return gp.Message{Cmd: gp.CmdSelect, ExtData: []byte(`{"fields":["session","uid","groups"],"where":[]}`)}
		}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			x, g := benchClients(clients)
			var frames []gp.Message
			for i := range 20_000 {
				frames = append(frames, bm.next(i))
				frames[i].Body, frames[i].Flag = []byte("x"), gp.FlagBodyIsScalar
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				x.Execute(g, &frames[i%len(frames)])
			}
			if bm.per > 1 {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(bm.per), "ns/client")
			}
			if g.refused > 0 {
				b.Fatalf("%d frames were refused: %v", g.refused, g.err)
			}
		})
	}
}
