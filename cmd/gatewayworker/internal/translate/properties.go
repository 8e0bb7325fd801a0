package translate

import (
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/startfile"
)

// rule translates a property.
type rule func(s *Server, p startfile.Setting)

// flag makes the rule of a property that has a flag. Empty is not set.
func flag(name string) rule {
	return func(s *Server, p startfile.Setting) {
		if text, ok := s.value(p); ok && text != "" {
			s.set(name, text)
		}
	}
}

// needless makes the rule of a property that this program has no use for.
func needless(why string) rule {
	return func(s *Server, p startfile.Setting) { s.note(p, why) }
}

var gatewayRules map[string]rule

func init() {
	gatewayRules = map[string]rule{
		"lanIp":                flag("lan-ip"),
		"innerTcpWorkerListen": flag("inner-listen"),
		"startPort":            flag("start-port"),
		"registerAddress":      registerAddresses,
		"pingInterval":         flag("ping-interval"),
		"pingNotResponseLimit": flag("ping-not-response-limit"),
		"pingData":             flag("ping-data"),
		"secretKey":            (*Server).secret,
		"transport":            transport,
		"router":               router,

		"sendToWorkerBufferSize": flag("send-to-worker-buffer-size"),
		"sendToClientBufferSize": flag("send-to-client-buffer-size"),

		"count":              needless("one process uses all cores, and one inner port"),
		"lanPort":            needless("PHP's Gateway sets it itself, from startPort"),
		"protocolAccelerate": needless("a broadcast is always encoded once"),

		"onBusinessWorkerConnected": callback("the log says which workers connect"),
		"onBusinessWorkerClose":     callback("the log says which workers leave"),
		"onConnect":                 onConnect,
		"onWebSocketConnect":        callback("Events::onWebSocketConnect of a BusinessWorker can do most of it"),
		"onClose":                   callback("Events::onClose of a BusinessWorker can do it"),
		"onMessage":                 callback("PHP's Gateway does not call it either"),
	}
}

// commonRules are those of a Gateway and a Register.
var commonRules = map[string]rule{
	"name":       needless("only Workerman's status shows it"),
	"user":       process("start the program as this user (User= of systemd)"),
	"group":      process("start the program as this group (Group= of systemd)"),
	"count":      needless("one process uses all cores"),
	"reusePort":  needless("one process has the port"),
	"reloadable": needless("there is no business code to reload"),
	"eventLoop":  needless("it has its own"),
	"transport": func(s *Server, p startfile.Setting) {
		if text, ok := s.value(p); ok && text != "" && text != "tcp" {
			s.left(p, "a Register has no TLS")
		}
	},
	"protocol": func(s *Server, p startfile.Setting) {
		if text, ok := s.value(p); ok && text != "" && !(s.Command == "register" && strings.HasSuffix(text, `\Text`)) {
			s.left(p, "a protocol class runs in PHP only: %s", text)
		}
	},
	"onWorkerStart":  callback("code of its own belongs in a Worker of its own"),
	"onWorkerStop":   callback("code of its own belongs in a Worker of its own"),
	"onWorkerReload": callback("there is nothing to reload"),
}

// common translates what every Worker has.
func (s *Server) common(p startfile.Setting) {
	if rule, ok := commonRules[p.Name]; ok {
		rule(s, p)
		return
	}
	if c, ok := p.Value.(*startfile.Closure); ok && !c.Empty {
		s.left(p, "a function runs in PHP only")
		return
	}
	s.left(p, "no property of GatewayWorker's that this program knows")
}

// callback makes the rule of a property that holds a function.
func callback(instead string) rule {
	return func(s *Server, p startfile.Setting) {
		switch v := p.Value.(type) {
		case nil:
		case *startfile.Closure:
			if v.Empty {
				s.note(p, "an empty function has no effect")
				return
			}
			s.left(p, "a function runs in PHP only; %s", instead)
		default:
			s.left(p, "it runs in PHP only; %s", instead)
		}
	}
}

// onConnect knows the one thing that nearly all of these functions do.
func onConnect(s *Server, p startfile.Setting) {
	if c, ok := p.Value.(*startfile.Closure); ok && c.Binary {
		s.set("binary-frames", "true")
		return
	}
	callback("Events::onConnect and onWebSocketConnect of a BusinessWorker can do most of it")(s, p)
}

// process makes the rule of what a process manager sets.
func process(how string) rule {
	return func(s *Server, p startfile.Setting) {
		if text, ok := s.value(p); ok && text != "" {
			s.left(p, "%q: %s", text, how)
		}
	}
}

func registerAddresses(s *Server, p startfile.Setting) {
	a, ok := p.Value.(*startfile.Array)
	if !ok {
		flag("register-address")(s, p)
		return
	}
	for _, e := range a.Entries {
		at := p
		at.Value = e.Value
		flag("register-address")(s, at)
	}
}

func transport(s *Server, p startfile.Setting) {
	text, ok := s.value(p)
	switch {
	case !ok || text == "" || text == "tcp":
	case text == "ssl":
		s.set("transport", "ssl")
	default:
		s.left(p, "%q: a Gateway here has tcp and ssl", text)
	}
}

// router takes PHP's own function, which is the default.
func router(s *Server, p startfile.Setting) {
	if p.Value == nil {
		return
	}
	if a, ok := p.Value.(*startfile.Array); ok && len(a.Entries) == 2 {
		class, _ := startfile.Text(a.Entries[0].Value)
		method, _ := startfile.Text(a.Entries[1].Value)
		if strings.EqualFold(strings.TrimPrefix(class, `\`), `GatewayWorker\Gateway`) && strings.EqualFold(method, "routerBind") {
			return
		}
	}
	s.left(p, "a function that chooses workers runs in PHP only; --router has least-connections and random")
}
