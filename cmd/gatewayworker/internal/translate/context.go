package translate

import (
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/startfile"
)

// context translates the stream context that the constructor got.
func (s *Server) context(v any, ssl bool) {
	at := startfile.Setting{Place: s.Place, Name: "context", Value: v}
	if v == nil {
		if ssl {
			s.left(at, "transport is ssl, and there is no certificate: name it with --ssl-cert")
		}
		return
	}
	a, ok := v.(*startfile.Array)
	if !ok {
		s.left(at, "%s", whyNoText(v))
		return
	}
	certificate := false
	for _, e := range a.Entries {
		name, _ := startfile.Text(e.Key)
		options, ok := e.Value.(*startfile.Array)
		at := s.entry(e, "context."+name)
		switch {
		case !ok:
			s.left(at, "%s", whyUnknown(e.Value))
		case name == "ssl" && !ssl:
			s.note(at, "transport is not ssl, so PHP does not use it")
		case name == "ssl":
			_, certificate = options.Get("local_cert")
			s.ssl(options)
		case name == "socket":
			s.socket(options)
		case len(options.Entries) > 0:
			s.left(at, "options of another kind of stream")
		}
	}
	if ssl && !certificate {
		s.left(at, "transport is ssl, and there is no local_cert: name it with --ssl-cert")
	}
}

func whyUnknown(v any) string {
	if u, ok := v.(startfile.Unknown); ok {
		return whyNoText(u)
	}
	return "no array of options"
}

// entry is an element as a setting. Its line is the Worker's: arrays come from
// anywhere.
func (s *Server) entry(e startfile.Entry, name string) startfile.Setting {
	return startfile.Setting{Place: s.Place, Name: name, Value: e.Value}
}

func (s *Server) ssl(options *startfile.Array) {
	truth := func(name string) bool {
		e, _ := options.Get(name)
		truth, _ := startfile.Truth(e.Value)
		return truth
	}
	verify := truth("verify_peer")
	for _, e := range options.Entries {
		name, _ := startfile.Text(e.Key)
		at := s.entry(e, "context.ssl."+name)
		switch name {
		case "local_cert":
			flag("ssl-cert")(s, at)
		case "local_pk":
			flag("ssl-key")(s, at)
		case "cafile":
			if verify {
				flag("ssl-client-ca")(s, at)
			} else {
				s.note(at, "verify_peer is not set, so PHP does not use it")
			}
		case "verify_peer":
			if _, ok := options.Get("cafile"); verify && !ok {
				s.left(at, "clients need a certificate: name the file of their authorities with --ssl-client-ca")
			}
		case "passphrase":
			if text, ok := s.value(at); ok && text != "" {
				s.left(at, "the key must not be encrypted: write it out once with openssl pkey -in KEY -out NEW")
			}
		case "verify_peer_name", "allow_self_signed", "verify_depth", "peer_name", "capath":
			if verify && truth(name) {
				s.left(at, "of what a client's certificate is checked for there is --ssl-client-ca only")
			}
		case "disable_compression", "single_dh_use", "single_ecdh_use", "honor_cipher_order", "dh_param", "ecdh_curve":
			s.note(at, "Go's TLS has its own")
		default:
			s.left(at, "Go's TLS has its own choice, and no flag for it")
		}
	}
}

func (s *Server) socket(options *startfile.Array) {
	for _, e := range options.Entries {
		name, _ := startfile.Text(e.Key)
		at := s.entry(e, "context.socket."+name)
		switch name {
		case "backlog":
			s.note(at, "the kernel's bound holds: net.core.somaxconn")
		case "so_reuseport", "so_reuseaddr", "tcp_nodelay", "so_broadcast":
			s.note(at, "set as it should be")
		default:
			s.left(at, "no flag for it")
		}
	}
}

// static translates the static properties that concern a Gateway.
func (s *Server) static(p startfile.Setting) {
	switch p.Name {
	case `Workerman\Connection\TcpConnection::defaultMaxPackageSize`, `Workerman\Connection\TcpConnection::maxPackageSize`:
		flag("max-package-size")(s, p)
	case `GatewayWorker\Gateway::selectLoadBalancingMode`:
		text, ok := s.value(p)
		switch {
		case !ok || text == "router_least_connections":
		case text == "router_random":
			s.set("router", "random")
		default:
			s.left(p, "%q: --router has least-connections and random", text)
		}
	}
}

// staticItems are the static properties that concern no single server.
func staticItems(statics []startfile.Setting) []Item {
	var items []Item
	for _, p := range statics {
		why, ok := map[string]string{
			`Workerman\Worker::logFile`:    "this program logs to stderr: systemd, a container or a redirection keeps it",
			`Workerman\Worker::stdoutFile`: "this program logs to stderr: systemd, a container or a redirection keeps it",
			`Workerman\Worker::pidFile`:    "this program writes none: systemd or a container knows the process",
			`Workerman\Worker::daemonize`:  "this program stays in the foreground: systemd, a container or nohup run it in the background",
		}[p.Name]
		if truth, known := startfile.Truth(p.Value); ok && (truth || !known) {
			items = append(items, Item{p.Place, base(p.Name), why})
		}
	}
	return items
}
