package compattests

import (
	"fmt"
	"strings"
)

// A libraryCall is a method of a library with its arguments. "$1" in a string stands
// for the client id of client c1, "$0" for one that gw1 never gave; a call of "" drains the clients.
type libraryCall struct {
	method string
	args   []any
}

func do(method string, args ...any) libraryCall { return libraryCall{method, args} }

// drained puts what the clients have got into the transcript.
func drained() libraryCall { return libraryCall{} }

// perform makes the calls.
func (l *library) perform(calls []libraryCall) {
	s := l.actor.stage
	for _, c := range calls {
		if c.method == "" {
			s.drainAll()
			continue
		}
		l.call(c.method, s.withIDs(list(c.args)).(list)...)
	}
}

// withIDs replaces "$1" by c1's client id.
func (s *stage) withIDs(v any) any {
	switch v := v.(type) {
	case string:
		if len(s.gateways) > 0 {
			v = strings.ReplaceAll(v, "$0", (&client{gw: s.gateways[0], id: 65535}).clientID())
		}
		for i, c := range s.clients {
			v = strings.ReplaceAll(v, fmt.Sprintf("$%d", i+1), c.clientID())
		}
		return v
	case list:
		out := make(list, len(v))
		for i := range v {
			out[i] = s.withIDs(v[i])
		}
		return out
	case object:
		out := object{}
		for k, e := range v {
			out[s.withIDs(k).(string)] = s.withIDs(e)
		}
		return out
	}
	return v
}

type (
	list   []any
	object map[string]any
)

// populate makes clients c1 to c4 with uids, groups and sessions.
var populate = []libraryCall{
	do("bindUid", "$1", "u1"), do("bindUid", "$2", "u2"), do("bindUid", "$3", "123"), do("bindUid", "$4", "u1"),
	do("joinGroup", "$1", "g"), do("joinGroup", "$2", "g"), do("joinGroup", "$2", "7"), do("joinGroup", "$3", "7"), do("joinGroup", "$4", "g"),
	do("setSession", "$1", object{"name": "one"}), do("setSession", "$3", object{"n": 3, "list": list{1, 2.5, true, nil}}),
}

// libraryScenes are lists of calls; most are made with both classes.
var libraryScenes = []struct {
	name    string
	classes []string
	calls   []libraryCall
}{
	{"uids", nil, []libraryCall{
		do("getClientIdByUid", "u1"), do("isUidOnline", "u1"), do("isUidOnline", "nobody"), do("getClientIdByUid", 123), do("getClientIdByUid", "nobody"),
		do("getUidByClientId", "$1"), do("getUidByClientId", "$3"), do("unbindUid", "$1", "u1"), do("getUidByClientId", "$1"), do("getClientIdByUid", "u1"),
		do("getAllUidList"), do("getAllUidCount"), do("unbindUid", "$4", "wrong"), do("isUidOnline", "u1"),
		do("bindUid", "$1", 5), do("bindUid", "$2", 1.5), do("bindUid", "$4", true), do("getAllUidList"), do("getClientIdByUid", 5), do("getClientIdByUid", 1.5),
		do("bindUid", "$1", ""), do("bindUid", "$1", 0), do("bindUid", "$1", "0"), do("bindUid", "$1", nil), do("bindUid", "$1", false), do("getUidByClientId", "$1"),
	}},
	{"uid-batches", []string{gatewayClient}, []libraryCall{
		do("batchGetClientIdByUid", list{"u1", "nobody", 123, "u2"}), do("batchGetClientIdByUid", list{}), do("isUidsOnline", list{"u1", "x", "123"}), do("batchGetClientIdByUid", object{"a": "u1"}),
		do("batchGetClientIdCountByGroup", list{"g", "none", "7"}), do("batchGetClientIdCountByGroup", list{}), do("batchGetClientIdCountByGroup", object{"x": "g"}),
	}},
	{"groups", nil, []libraryCall{
		do("getClientIdCountByGroup", "g"), do("getClientCountByGroup", "7"), do("getClientIdCountByGroup", ""), do("getClientIdCountByGroup"), do("getClientIdCountByGroup", "none"),
		do("getClientIdListByGroup", "g"), do("getClientIdListByGroup", list{"g", "7"}), do("getClientIdListByGroup", "none"), do("getClientIdListByGroup", ""), do("getClientIdListByGroup", 7),
		do("getUidListByGroup", "g"), do("getUidListByGroup", list{"7", "g"}), do("getUidListByGroup", ""), do("getUidCountByGroup", "g"), do("getUidCountByGroup", ""), do("getUidCountByGroup", "none"),
		do("getAllGroupIdList"), do("getAllGroupUidList"), do("getAllGroupUidCount"), do("getAllGroupClientIdList"), do("getAllGroupClientIdCount"),
		do("getClientSessionsByGroup", "g"), do("getClientSessionsByGroup", "none"), do("getClientSessionsByGroup", ""), do("getClientInfoByGroup", "7"),
		do("leaveGroup", "$1", "g"), do("leaveGroup", "$1", "none"), do("getClientIdListByGroup", "g"), do("joinGroup", "$1", "g"), do("getClientIdListByGroup", "g"),
		do("ungroup", "g"), do("ungroup", "none"), do("ungroup", ""), do("getAllGroupIdList"), do("joinGroup", "$1", ""), do("joinGroup", "$1", 0), do("joinGroup", "$1", 5), do("joinGroup", "$1", 2.5),
		do("getAllGroupIdList"), do("getAllGroupUidList"),
	}},
	{"lists-stop-at-the-first-without", nil, []libraryCall{
		do("unbindUid", "$1", ""), do("getAllGroupUidList"), do("getAllGroupUidCount"), do("getAllGroupClientIdList"), do("leaveGroup", "$1", "g"), do("getAllGroupClientIdList"), do("getAllGroupClientIdCount"),
	}},
	{"clients", nil, []libraryCall{
		do("getAllClientIdCount"), do("getAllClientCount"), do("getAllClientIdList"), do("isOnline", "$1"), do("isOnline", "$0"), do("isOnline", "short"), do("isOnline", ""),
		do("isOnline", "zzzzzzzzzzzzzzzzzzzz"), do("getUidByClientId", "short"),
	}},
	{"sends", nil, []libraryCall{
		do("sendToAll", "all"), do("sendToAll", ""), do("sendToAll", "some", list{"$1", "$3"}), do("sendToAll", "none", list{}), do("sendToAll", "not c2", nil, list{"$2"}), do("sendToAll", "not c3", nil, "$3"),
		do("sendToAll", "c1 and c2 but c1", list{"$1", "$2"}, list{"$1"}), do("sendToAll", "null list", nil, nil), do("sendToAll", "bad list", "text"), do("sendToAll", "duplicates", list{"$1", "$1"}),
		do("sendToAll", "\x81\x03raw", nil, nil, true), drained(),
		do("sendToClient", "$1", "one"), do("sendToClient", "$1", ""), do("sendToClient", "$1", 5), do("sendToClient", "$1", true), do("sendToClient", "$1", false), do("sendToClient", "$1", 1.0),
		do("sendToClient", "$1", nil), do("sendToClient", "$1", list{1, "b", nil}), do("sendToClient", "$1", object{"type": "say", "text": "äöü/\""}), do("sendToClient", "bad", "x"), drained(),
		do("sendToUid", "u1", "to u1"), do("sendToUid", list{"u1", "u2"}, "to u1 and u2"), do("sendToUid", 123, "to 123"), do("sendToUid", list{}, "to nobody"), do("sendToUid", "nobody", "x"),
		do("sendToUid", "u1", list{"an", "array"}), drained(),
		do("sendToGroup", "g", "to g"), do("sendToGroup", list{"g", "7"}, "to g and 7"), do("sendToGroup", "g", "not c1", list{"$1"}), do("sendToGroup", "g", "not c2", "$2"), do("sendToGroup", "", "x"),
		do("sendToGroup", list{}, "x"), do("sendToGroup", "7", object{"a": 1}), do("sendToGroup", 7, "int group"), do("sendToGroup", "g", "\x81\x01r", nil, true), drained(),
	}},
	{"raw-sends-of-lib", []string{libGateway}, []libraryCall{
		do("sendToClient", "$1", "\x81\x03raw", true), do("sendToUid", "u1", "\x81\x03raw", true), do("sendToCurrentClient", "no context"), do("closeCurrentClient"), do("destoryCurrentClient"), drained(),
	}},
	{"sessions", nil, []libraryCall{
		do("getSession", "$1"), do("getSession", "$2"), do("getSession", "$3"), do("getSession", "$0"), do("getSession", "short"),
		do("updateSession", "$1", object{"more": object{"a": 1}}), do("getSession", "$1"), do("updateSession", "$1", object{"more": object{"b": list{1, 2}}}), do("getSession", "$1"),
		do("updateSession", "$2", object{"first": true}), do("getSession", "$2"), do("setSession", "$1", object{}), do("getSession", "$1"), do("setSocketSession", "$2", "raw text"),
		do("setSocketSession", "$4", ""), do("getSession", "$4"), do("setSession", "$2", object{"x": nil}), do("getAllClientSessions"), do("getAllClientSessions", "g"), do("getAllClientSessions", "none"), do("getAllClientInfo"),
		do("setSession", "$1", "text"), do("updateSession", "$1", nil),
	}},
	{"closing", nil, []libraryCall{
		do("closeClient", "$1"), drained(), do("closeClient", "$2", "bye"), drained(), do("destoryClient", "$3"), drained(), do("isOnline", "$1"), do("isOnline", "$2"), do("isOnline", "$3"), do("isOnline", "$4"),
		do("closeClient", "$1"), do("closeClient", "bad"), do("destoryClient", "bad"), do("closeClient", "$4", object{"code": 1}), drained(), do("getAllClientIdCount"),
	}},
}

func init() {
	for _, ls := range libraryScenes {
		classes := ls.classes
		if classes == nil {
			classes = []string{gatewayClient, libGateway}
		}
		for _, class := range classes {
			short := map[string]string{gatewayClient: "GatewayClient", libGateway: "Lib-Gateway"}[class]
			persistent := class == libGateway // the defaults
			scene("library/"+short+"-"+ls.name, func(s *stage) {
				s.libraryStage(gatewayConfig{}, 1, class, persistent).perform(ls.calls)
			}, withActors)
			scene("library/"+short+"-"+ls.name+"-two-gateways", func(s *stage) {
				s.libraryStage(gatewayConfig{}, 2, class, persistent).perform(ls.calls)
			}, withActors)
		}
	}
	for _, class := range []string{gatewayClient, libGateway} {
		short := map[string]string{gatewayClient: "GatewayClient", libGateway: "Lib-Gateway"}[class]
		scene("library/"+short+"-secret-key", func(s *stage) {
			l := s.libraryStage(gatewayConfig{SecretKey: secret}, 2, class, class == libGateway)
			l.perform(libraryScenes[0].calls)
			l.perform(libraryScenes[6].calls)
		}, withActors)
		scene("library/"+short+"-other-persistence", func(s *stage) {
			l := s.libraryStage(gatewayConfig{}, 1, class, class == gatewayClient)
			l.perform(libraryScenes[0].calls)
			l.perform(libraryScenes[2].calls)
		}, withActors)
		scene("library/"+short+"-no-gateways", func(s *stage) {
			s.cluster(gatewayConfig{}, 0)
			l := s.library(class, false)
			l.perform([]libraryCall{do("getAllClientIdCount"), do("sendToAll", "x"), do("isUidOnline", "u"), do("ungroup", "g"), do("sendToAll", "x", list{})})
		}, withActors)
		scene("library/"+short+"-wrong-key", func(s *stage) {
			r := s.cluster(gatewayConfig{SecretKey: secret}, 1)
			s.worker()
			s.connect()
			r.secret = "wrong"
			l := s.library(class, false)
			l.perform([]libraryCall{do("getAllClientIdCount"), do("isOnline", "$1"), do("sendToClient", "$1", "x"), drained()})
		}, withActors)
	}
}

// libraryStage prepares n gateways with a worker each, clients c1 to c4 spread
// over them, and a library that has populated them.
func (s *stage) libraryStage(cfg gatewayConfig, n int, class string, persistent bool) *library {
	s.cluster(cfg, n)
	for _, gw := range s.gateways {
		s.workerAt(gw)
	}
	for i := range 4 {
		s.connectAt(s.gateways[i%n])
	}
	l := s.library(class, persistent)
	l.perform(populate)
	return l
}
