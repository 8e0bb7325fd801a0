package compattests

import (
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A phpLibrary is a PHP process that calls PHP's libraries.
type phpLibrary struct {
	library
	stage    *stage
	register *registerUnderTest
}

func (s *stage) phpLibrary(r *registerUnderTest) *phpLibrary {
	l := &phpLibrary{stage: s, register: r}
	s.check(l.startProcess(s, nil))
	return l
}

// A phpAnswer is the outcome of a call.
type phpAnswer struct {
	result phpserialize.Value
	output string
	thrown string
}

func (l *phpLibrary) call(class, method string, args list) phpAnswer {
	s := l.stage
	values, err := phpserialize.Marshal(phpArgs(s, args))
	s.check(err)
	answer := l.ask(s, method, map[string]any{
		"class": class, "serialized": values,
		"set": map[string]any{
			"registerAddress": l.register.address, "secretKey": l.register.secret,
			"persistentConnection": false, "addressesCacheDisable": true,
		},
	})
	v, err := phpserialize.Unmarshal(answer)
	s.check(err)
	parts := v.(*phpserialize.Array).Values()
	a := phpAnswer{result: parts[0]}
	a.output, _ = parts[1].(string)
	a.thrown, _ = parts[2].(string)
	return a
}

// phpArgs makes the PHP values of arguments.
func phpArgs(s *stage, args list) *phpserialize.Array {
	values := phpserialize.NewArray()
	for _, a := range args {
		if text, ok := a.(sessionText); ok {
			v, err := phpserialize.Unmarshal([]byte(text))
			s.check(err)
			values.Append(v)
		} else {
			values.Append(phpValue(a))
		}
	}
	return values
}

func (a phpAnswer) log(s *stage) {
	if a.output != "" {
		s.log("lib prints %s", quote([]byte(a.output)))
	}
	if a.thrown != "" {
		s.log("lib throws %s", quote([]byte(a.thrown)))
		return
	}
	text, err := phpserialize.Marshal(a.result)
	s.check(err)
	s.log("lib returns %s", quote(text))
}

// A stateQuestion is one of the calls that show all of the gateways' state; the
// command and its ext_data are what PHP's library sends for it.
type stateQuestion struct {
	libraryCall
	cmd gp.Command
	ext string
}

var stateQuestions = []stateQuestion{
	{do("select"), gp.CmdSelect, `{"fields":["session","uid","groups"],"where":[]}`},
	{do("getAllGroupIdList"), gp.CmdGetGroupIDList, ""},
	{
		do("batchGetClientIdByUid", list{"123", "007", "üser-日本", "-5", "1.5"}),
		gp.CmdBatchGetClientIDByUID, `["123","007","\u00fcser-\u65e5\u672c","-5","1.5"]`,
	},
}

// askGateways puts the answers of the gateways together as PHP's library does.
func (s *stage) askGateways(q stateQuestion) phpserialize.Value {
	all := phpserialize.NewArray()
	for _, gw := range s.gateways {
		admin := s.adminOf(gw)
		admin.put(gp.AppendMessage(nil, &frame{Cmd: q.cmd, Flag: gp.FlagBodyIsScalar, ExtData: []byte(q.ext)}))
		u, ok := admin.read()
		if !ok {
			s.fail("%s hung up: %v", gw.name, admin.err)
		}
		v, err := phpserialize.Unmarshal(u.reply)
		s.check(err)
		answer := v.(*phpserialize.Array)
		if q.cmd == gp.CmdSelect {
			atGateway(all, gw).Set(phpserialize.IntKey(int64(gw.inner.Port)), answer)
			continue
		}
		for key, v := range answer.All() {
			if q.cmd == gp.CmdGetGroupIDList {
				key, _ = phpserialize.ToKey(v)
				if _, known := all.Get(key); !known {
					all.Set(key, v)
				}
				continue
			}
			if _, known := all.Get(key); !known {
				all.Set(key, phpserialize.NewArray())
			}
			ids, _ := all.Get(key)
			for _, id := range v.(*phpserialize.Array).All() {
				ids.(*phpserialize.Array).Append(gp.ClientID{
					LocalIP: gw.inner.IP, LocalPort: gw.inner.Port, ConnectionID: uint32(id.(int64)),
				}.String())
			}
		}
	}
	return all
}

// atGateway returns the part of select's result for gateways with gw's address.
func atGateway(all *phpserialize.Array, gw *gatewayUnderTest) *phpserialize.Array {
	ip := phpserialize.IntKey(int64(gw.inner.IP))
	if _, ok := all.Get(ip); !ok {
		all.Set(ip, phpserialize.NewArray())
	}
	v, _ := all.Get(ip)
	return v.(*phpserialize.Array)
}
