package commandtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Random makes up a conversation that PHP's gateway survives, and takes what our
// executor answers and delivers for what is right.
func Random(t testing.TB, seed uint64, steps int) Conversation {
	rng := rand.New(rand.NewPCG(seed, 5))
	pick := func(s []string) string { return s[rng.IntN(len(s))] }
	names := []string{"5", "05", "u", "-3", "1.5", "-0", "g g", "ä", "9223372036854775807", "9223372036854775808", "\x00", "0", ""}
	values := []string{`5`, `"5"`, `5.9`, `-3`, `"-3"`, `"05"`, `"u"`, `null`, `true`, `false`, `"1.5"`, `"-0"`, `-0`, `-0.0`, `"g g"`,
		`"ä"`, `"\u00e4"`, `1e3`, `9223372036854775807`, `9223372036854775808`, `"9223372036854775808"`, `1`, `2`, `"3"`, `4`, `""`, `"\u0000"`}
	list := func() string {
		var b strings.Builder
		n := rng.IntN(5)
		object := rng.IntN(4) == 0
		b.WriteByte("[{"[b2i(object)])
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			if object {
				fmt.Fprintf(&b, `"%s":`, pick([]string{"a", "1", "2", "3", "b"}))
			}
			b.WriteString(pick(values))
		}
		b.WriteByte("]}"[b2i(object)])
		return b.String()
	}
	anyJSON := func() string {
		if rng.IntN(8) == 0 {
			return pick([]string{"", "null", "0", "7", "true", "[", "{}", "[]", "nonsense", " [5] ", "[5]]"})
		}
		return list()
	}
	exclude := func() string { return pick([]string{"null", list(), list(), `"abc"`, "3", "[]", "{}"}) }
	sessions := []string{sessName, sessAge, `a:1:{i:5;a:1:{i:0;d:0.1;}}`, `a:2:{i:5;a:1:{i:1;b:1;}s:4:"name";N;}`, "a:0:{}"}

	g := New(t, "text", "")
	conv := Conversation{Name: fmt.Sprintf("seed %d", seed), Received: map[uint32]string{}}
	add := func(s Step) {
		g.Step(&s)
		if len(g.Replies) > 0 {
			s.Reply = string(g.Replies[0])
		}
		g.CheckHub(t)
		conv.Steps = append(conv.Steps, s)
	}
	add(Step{Connect: true})
	for i := range steps {
		alive := g.ids()
		id := alive[rng.IntN(len(alive))]
		some := id
		if rng.IntN(20) == 0 {
			some = 1000
		}
		body := fmt.Sprint(i, ";")
		switch rng.IntN(26) {
		case 0:
			if len(alive) < 9 {
				add(Step{Connect: true})
			}
		case 1:
			if len(alive) > 1 && rng.IntN(3) == 0 {
				// The text that is on its way to it is not compared.
				delete(g.Got, id)
				add(hangsUp(id))
			}
		case 2, 3, 4:
			add(Does(gp.CmdBindUID, some, pick(names)))
		case 5:
			add(Does(gp.CmdUnbindUID, some, pick(names)))
		case 6, 7, 8, 9:
			add(Does(gp.CmdJoinGroup, some, pick(names)))
		case 10, 11:
			add(Does(gp.CmdLeaveGroup, some, pick(names)))
		case 12:
			add(Does(gp.CmdUngroup, 0, pick(names)))
		case 13:
			add(Sends(gp.CmdSendToUID, 0, anyJSON(), body, scalar))
		case 14:
			add(Sends(gp.CmdSendToGroup, 0, `{"group":`+list()+`,"exclude":`+exclude()+`}`, body, scalar))
		case 15:
			add(Sends(gp.CmdSendToAll, 0, pick([]string{
				`{"connections":` + anyJSON() + `}`, `{"exclude":` + exclude() + `}`, anyJSON(), "",
			}), body, scalar))
		case 16:
			add(Does(gp.CmdGetClientIDByUID, 0, pick(names)))
		case 17:
			add(Does(gp.CmdBatchGetClientIDByUID, 0, anyJSON()))
		case 18:
			add(Does(gp.CmdBatchGetClientCountByGroup, 0, anyJSON()))
		case 19:
			add(Does(gp.CmdGetClientCountByGroup, 0, pick(names)))
		case 20:
			add(Does(gp.CmdGetGroupIDList, 0, ""))
		case 21:
			add(Does(gp.CmdUpdateSession, some, pick(sessions)))
		case 22:
			add(Does(pick2(rng, gp.CmdGetSessionByClientID, gp.CmdIsOnline), some, ""))
		case 23:
			add(Does(pick2(rng, gp.CmdGetAllClientSessions, gp.CmdGetClientSessionsByGroup), 0, pick(names)))
		default:
			keys := []string{"groups", "uid", "connection_id", "other"}
			rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			where := "{"
			for i, k := range keys[:rng.IntN(4)] {
				if i > 0 {
					where += ","
				}
				where += fmt.Sprintf("%q:%s", k, list())
			}
			where += "}"
			fields := pick([]string{`["uid","groups"]`, `["session"]`, `["id","uid","x"]`, `[]`, `null`, `["uid",5,"5",null]`})
			add(Does(gp.CmdSelect, 0, `{"fields":`+fields+`,"where":`+where+`}`))
		}
	}
	for id, b := range g.Got {
		conv.Received[id] = string(b)
	}
	for id := range conv.Received {
		if !slices.Contains(g.ids(), id) {
			delete(conv.Received, id)
		}
	}
	return conv
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func pick2[T any](rng *rand.Rand, a, b T) T {
	if rng.IntN(2) == 0 {
		return a
	}
	return b
}
