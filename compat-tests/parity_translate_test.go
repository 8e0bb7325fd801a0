package compattests

import (
	"context"
	"slices"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// translations say which method of gatewayclient does what a method of PHP's
// library does, and what PHP's value of its result is.
var translations = map[string]func(*translator) goCall{
	"bindUid":    func(t *translator) goCall { return do2((*goClient).BindUID, writes, t.id(0), t.text(1), nil) },
	"unbindUid":  func(t *translator) goCall { return do1((*goClient).UnbindUID, writes, t.id(0), nil) },
	"joinGroup":  func(t *translator) goCall { return do2((*goClient).JoinGroup, writes, t.id(0), t.text(1), nil) },
	"leaveGroup": func(t *translator) goCall { return do2((*goClient).LeaveGroup, writes, t.id(0), t.text(1), nil) },
	"ungroup":    func(t *translator) goCall { return do1((*goClient).Ungroup, writes, t.text(0), nil) },
	"setSession": func(t *translator) goCall {
		return do2((*goClient).SetSession, writes, t.id(0), any(t.session(1)), nil)
	},
	"setSocketSession": func(t *translator) goCall {
		return do2((*goClient).SetSession, writes, t.id(0), any(gatewayclient.SessionData(t.text(1))), true)
	},
	"updateSession": func(t *translator) goCall {
		return do2((*goClient).UpdateSession, writes, t.id(0), any(t.session(1)), nil)
	},
	"destoryClient": func(t *translator) goCall { return do1((*goClient).DestroyClient, writes|sends, t.id(0), true) },
	"closeClient": func(t *translator) goCall {
		var m parityMessage // none
		if t.has(1) {
			m = t.message(1, -1, -1)
		}
		call := sendTo((*goClient).CloseClient, t.id(0), m, true)
		call.effect = writes | sends
		return call
	},

	"sendToAll": func(t *translator) goCall {
		if t.has(1) {
			return sendTo((*goClient).SendToClients, t.ids(1), t.message(0, 2, 3), nil)
		}
		m := t.message(0, 2, 3)
		return goCall{methodName((*goClient).SendToAll), sends, func(ctx context.Context, g *goClient) (phpserialize.Value, error) {
			return nil, g.SendToAll(ctx, m.body, m.options...)
		}}
	},
	"sendToClient": func(t *translator) goCall {
		return sendTo((*goClient).SendToClient, t.id(0), t.message(1, -1, 2), true)
	},
	"sendToUid": func(t *translator) goCall {
		if t.several(0) {
			return sendTo((*goClient).SendToUIDs, t.texts(0), t.message(1, -1, 2), nil)
		}
		return sendTo((*goClient).SendToUID, t.text(0), t.message(1, -1, 2), nil)
	},
	"sendToGroup": func(t *translator) goCall {
		if t.several(0) {
			return sendTo((*goClient).SendToGroups, t.texts(0), t.message(1, 2, 3), nil)
		}
		return sendTo((*goClient).SendToGroup, t.text(0), t.message(1, 2, 3), nil)
	},

	"isOnline":    func(t *translator) goCall { return ask1((*goClient).IsOnline, t.id(0), zeroOrOne) },
	"isUidOnline": func(t *translator) goCall { return ask1((*goClient).IsUIDOnline, t.text(0), zeroOrOne) },
	"isUidsOnline": func(t *translator) goCall {
		return ask1((*goClient).UIDsOnline, t.texts(0), byKey(func(u gatewayclient.UIDOnline) (string, phpserialize.Value) {
			return u.UID, zeroOrOne(u.Online)
		}))
	},
	"getAllClientIdList":  func(t *translator) goCall { return ask0((*goClient).AllClientIDs, idSet) },
	"getAllClientIdCount": func(t *translator) goCall { return ask0((*goClient).ClientCount, number) },
	"getAllClientCount":   func(t *translator) goCall { return ask0((*goClient).ClientCount, number) },

	"getClientIdByUid": func(t *translator) goCall { return ask1((*goClient).ClientIDsByUID, t.text(0), idList) },
	"batchGetClientIdByUid": func(t *translator) goCall {
		return ask1((*goClient).ClientIDsByUIDs, t.texts(0), byKey(func(u gatewayclient.UIDClients) (string, phpserialize.Value) {
			return u.UID, idList(u.ClientIDs)
		}))
	},
	"getUidByClientId": func(t *translator) goCall { return ask1((*goClient).UIDByClientID, t.id(0), uidOrNull) },
	"getAllUidList":    func(t *translator) goCall { return ask0((*goClient).AllUIDs, nameSet) },
	"getAllUidCount":   func(t *translator) goCall { return ask0((*goClient).UIDCount, number) },

	"getAllGroupIdList": func(t *translator) goCall { return ask0((*goClient).AllGroups, keySet) },
	"getClientIdListByGroup": func(t *translator) goCall {
		if t.several(0) {
			return ask1((*goClient).ClientIDsByGroups, t.texts(0), idSet)
		}
		return ask1((*goClient).ClientIDsByGroup, t.text(0), idSet)
	},
	"getClientIdCountByGroup": func(t *translator) goCall {
		return ask1((*goClient).ClientCountByGroup, t.text(0), number)
	},
	"getClientCountByGroup": func(t *translator) goCall { return ask1((*goClient).ClientCountByGroup, t.text(0), number) },
	"batchGetClientIdCountByGroup": func(t *translator) goCall {
		return ask1((*goClient).ClientCountsByGroups, t.texts(0), counts)
	},
	"getUidListByGroup": func(t *translator) goCall {
		if t.several(0) {
			return ask1((*goClient).UIDsByGroups, t.texts(0), nameSet)
		}
		return ask1((*goClient).UIDsByGroup, t.text(0), nameSet)
	},
	"getUidCountByGroup": func(t *translator) goCall { return ask1((*goClient).UIDCountByGroup, t.text(0), number) },
	"getAllGroupClientIdList": func(t *translator) goCall {
		return ask0((*goClient).GroupClientIDs, byKey(func(g gatewayclient.GroupClients) (string, phpserialize.Value) {
			return g.Group, idSet(g.ClientIDs)
		}))
	},
	"getAllGroupClientIdCount": func(t *translator) goCall { return ask0((*goClient).GroupClientCounts, counts) },
	"getAllGroupUidList": func(t *translator) goCall {
		return ask0((*goClient).GroupUIDs, byKey(func(g gatewayclient.GroupUIDs) (string, phpserialize.Value) {
			return g.Group, nameSet(g.UIDs)
		}))
	},
	"getAllGroupUidCount": func(t *translator) goCall { return ask0((*goClient).GroupUIDCounts, counts) },

	"getSession": func(t *translator) goCall { return ask1((*goClient).Session, t.id(0), sessionValue) },
	"getAllClientSessions": func(t *translator) goCall {
		if t.has(0) {
			return ask1((*goClient).ClientSessionsByGroup, t.text(0), sessionsOf)
		}
		return ask0((*goClient).AllClientSessions, sessionsOf)
	},
	"getAllClientInfo":         func(t *translator) goCall { return ask0((*goClient).AllClientSessions, sessionsOf) },
	"getClientSessionsByGroup": func(t *translator) goCall { return ask1((*goClient).ClientSessionsByGroup, t.text(0), sessionsOf) },
	"getClientInfoByGroup":     func(t *translator) goCall { return ask1((*goClient).ClientSessionsByGroup, t.text(0), sessionsOf) },

	"select": selection,
	"getAllGatewayAddress": func(t *translator) goCall {
		return ask0((*goClient).Gateways, func(addresses []gatewayclient.GatewayAddress) phpserialize.Value {
			a := phpserialize.NewArray()
			for _, address := range addresses {
				a.Append(address.String())
			}
			return a
		})
	},
}

// selection is select($fields, $where): by client ids alone it is SelectClients.
func selection(t *translator) goCall {
	q := gatewayclient.Query{}
	if len(t.args) > 0 {
		for _, name := range t.texts(0) {
			q.Fields = append(q.Fields, gatewayclient.Field(name))
		}
	}
	concerned := t.stage.gateways
	if len(t.args) > 1 {
		for key, names := range t.args[1].(object) {
			sub := &translator{t.stage, list{names}}
			switch key {
			case "client_id":
				q.ClientIDs = sub.ids(0)
			case "groups":
				q.Groups = sub.texts(0)
			case "uid":
				q.UIDs = sub.texts(0)
			default:
				t.stage.fail("select: where %s", key)
			}
		}
	}
	toPHP := func(infos []gatewayclient.ClientInfo) phpserialize.Value {
		return selected(concerned, q.Fields, infos)
	}
	if q.Groups != nil || q.UIDs != nil || q.ClientIDs == nil {
		return ask1((*goClient).Select, q, toPHP)
	}
	concerned = gatewaysOf(concerned, q.ClientIDs)
	return goCall{methodName((*goClient).SelectClients), asks, func(ctx context.Context, g *goClient) (phpserialize.Value, error) {
		return result(toPHP)(g.SelectClients(ctx, q.ClientIDs, q.Fields...))
	}}
}

// gatewaysOf returns the gateways of clients, in order of first appearance.
func gatewaysOf(gateways []*gatewayUnderTest, ids []gatewayclient.ClientID) (of []*gatewayUnderTest) {
	for _, id := range ids {
		for _, gw := range gateways {
			if gw.inner == id.Gateway() && !slices.Contains(of, gw) {
				of = append(of, gw)
			}
		}
	}
	return of
}

// selected is PHP's result of select: ip => port => connection id => fields.
// PHP tells a client that has left all groups (array()) from one that never had
// any (null); a []string is empty for both.
func selected(gateways []*gatewayUnderTest, fields []gatewayclient.Field, infos []gatewayclient.ClientInfo) phpserialize.Value {
	if fields == nil {
		fields = []gatewayclient.Field{gatewayclient.FieldSession, gatewayclient.FieldUID, gatewayclient.FieldGroups}
	}
	all := phpserialize.NewArray()
	for _, gw := range gateways {
		clients := phpserialize.NewArray()
		for _, info := range infos {
			if info.ClientID.Gateway() != gw.inner {
				continue
			}
			values := phpserialize.NewArray()
			for _, field := range fields {
				var v phpserialize.Value
				switch {
				case field == gatewayclient.FieldSession:
					v = string(info.Session)
				case field == gatewayclient.FieldUID:
					v = uidOrNull(info.UID)
				case field == gatewayclient.FieldGroups && info.Groups != nil:
					v = nameSet(info.Groups)
				}
				values.SetString(string(field), v)
			}
			clients.Set(phpserialize.IntKey(int64(info.ClientID.ConnectionID)), values)
		}
		atGateway(all, gw).Set(phpserialize.IntKey(int64(gw.inner.Port)), clients)
	}
	return all
}

// The values that PHP has for Go's results.

func zeroOrOne(online bool) phpserialize.Value { return int64(btoi(online)) }

func number(n int) phpserialize.Value { return int64(n) }

func uidOrNull(uid string) phpserialize.Value {
	if uid == "" {
		return nil
	}
	return uid
}

func idSet(ids []gatewayclient.ClientID) phpserialize.Value { return sameKeys(ids) }

func nameSet(names []string) phpserialize.Value { return sameKeysText(names) }

// keySet is nameSet where PHP takes the names from the keys of an array, which
// are integers if they look like it.
func keySet(names []string) phpserialize.Value {
	a := phpserialize.NewArray()
	for _, name := range names {
		if key := phpserialize.StringKey(name); key.IsInt() {
			a.Set(key, key.Int())
		} else {
			a.Set(key, name)
		}
	}
	return a
}

func idList(ids []gatewayclient.ClientID) phpserialize.Value {
	a := phpserialize.NewArray()
	for _, id := range ids {
		a.Append(id.String())
	}
	return a
}

// byKey makes an array of a slice of pairs.
func byKey[T any](pair func(T) (string, phpserialize.Value)) func([]T) phpserialize.Value {
	return func(list []T) phpserialize.Value {
		a := phpserialize.NewArray()
		for _, e := range list {
			key, value := pair(e)
			a.SetString(key, value)
		}
		return a
	}
}

var counts = byKey(func(g gatewayclient.GroupCount) (string, phpserialize.Value) { return g.Group, int64(g.Count) })

// sessionValue is what unserialize() makes of a session; nearly always an array.
func sessionValue(s gatewayclient.SessionData) phpserialize.Value {
	if a, err := s.Array(); err == nil {
		return a
	}
	v, err := phpserialize.Unmarshal(s)
	if err != nil {
		return false
	}
	return v
}

var sessionsOf = byKey(func(s gatewayclient.ClientSession) (string, phpserialize.Value) {
	return s.ClientID.String(), sessionValue(s.Session)
})
