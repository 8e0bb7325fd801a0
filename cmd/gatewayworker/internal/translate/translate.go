package translate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/startfile"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Server is a Gateway or a Register as this program runs it.
type Server struct {
	startfile.Place
	Command string // gateway or register
	PHP     string // new Gateway('websocket://0.0.0.0:8282')
	Options []Option
	Left    []Item // what the program cannot do
	Notes   []Item // what needs no flag, and why
}

// Option is a flag and its value, as text.
type Option struct {
	Flag, Value string
	Secret      bool // belongs in the environment: ps shows flags to all users
}

// Item is something that start files say.
type Item struct {
	startfile.Place
	Name, Text string
}

// Programs translates what start files set up. Static properties hold for
// all of them.
func Programs(programs []*startfile.Program) (servers []*Server, rest []Item) {
	var statics []startfile.Setting
	for _, p := range programs {
		statics = append(statics, p.Statics...)
	}
	for _, p := range programs {
		for _, w := range p.Workers {
			switch w.Kind {
			case startfile.KindGateway:
				servers = append(servers, newGateway(w, p, statics))
			case startfile.KindRegister:
				servers = append(servers, newRegister(w))
			default:
				rest = append(rest, Item{w.Place, base(w.Class), "stays PHP"})
			}
		}
	}
	slices.SortStableFunc(servers, func(a, b *Server) int { // a Register first: the others look for it
		return cmp.Compare(b.Command, a.Command)
	})
	return servers, append(rest, staticItems(statics)...)
}

func base(class string) string { return class[strings.LastIndexByte(class, '\\')+1:] }

func (s *Server) set(flag, value string) {
	s.Options = append(s.Options, Option{Flag: flag, Value: value})
}

// Option returns the value of a flag, "" if the server has none.
func (s *Server) Option(flag string) string {
	for _, o := range s.Options {
		if o.Flag == flag {
			return o.Value
		}
	}
	return ""
}

func (s *Server) left(at startfile.Setting, format string, args ...any) {
	s.Left = append(s.Left, Item{s.place(at), at.Name, fmt.Sprintf(format, args...)})
}

func (s *Server) note(at startfile.Setting, text string) {
	s.Notes = append(s.Notes, Item{s.place(at), at.Name, text})
}

// place is where a setting is, or at least its Worker.
func (s *Server) place(at startfile.Setting) startfile.Place {
	if at.Line == 0 {
		return s.Place
	}
	return at.Place
}

// value is a setting as text; one that has none is left.
func (s *Server) value(at startfile.Setting) (string, bool) {
	text, ok := startfile.Text(at.Value)
	if !ok {
		s.left(at, "%s", whyNoText(at.Value))
	}
	return text, ok
}

func whyNoText(v any) string {
	switch v := v.(type) {
	case startfile.Unknown:
		return "its value depends on " + v.Why + ", which only PHP knows"
	case *startfile.Array:
		return "its value is an array"
	case *startfile.Closure:
		return "its value is a function"
	}
	return "its value is an object"
}

func newRegister(w *startfile.Worker) *Server {
	s := &Server{Place: w.Place, Command: "register"}
	s.listen(w, "listen")
	for _, p := range w.Props {
		switch p.Name {
		case "secretKey":
			s.secret(p)
		default:
			s.common(p)
		}
	}
	return s
}

func newGateway(w *startfile.Worker, p *startfile.Program, statics []startfile.Setting) *Server {
	s := &Server{Place: w.Place, Command: "gateway"}
	s.listen(w, "listen")
	// PHP's default, which is not that of the flag.
	if !slices.ContainsFunc(w.Props, func(p startfile.Setting) bool { return p.Name == "startPort" }) {
		s.set("start-port", "2000")
	}
	transport := ""
	for _, prop := range w.Props {
		if prop.Name == "transport" {
			transport, _ = startfile.Text(prop.Value)
		}
		if rule, ok := gatewayRules[prop.Name]; ok {
			rule(s, prop)
		} else {
			s.common(prop)
		}
	}
	s.context(w.Context, transport == "ssl")
	for _, static := range statics {
		s.static(static)
	}
	if v := handshakeData(p.File); v != "" {
		s.set("handshake-data", v)
	}
	return s
}

// listen translates the address that the constructor got.
func (s *Server) listen(w *startfile.Worker, flag string) {
	at := startfile.Setting{Place: w.Place, Name: "new " + base(w.Class), Value: w.Listen}
	text, ok := startfile.Text(w.Listen)
	s.PHP = fmt.Sprintf("new %s('%s')", base(w.Class), text)
	if !ok {
		s.PHP = "new " + base(w.Class) + "(...)"
		s.left(at, "%s", whyNoText(w.Listen))
		return
	}
	a, err := gatewayprotocol.ParseListenAddress(text)
	if err != nil {
		s.left(at, "%v; a Gateway with a protocol of its own, or of another kind, stays PHP", err)
		return
	}
	if s.Command == "register" {
		a.Scheme = gatewayprotocol.SchemeText // whatever is written: PHP's Register sets its protocol itself
	}
	s.set(flag, a.String())
}

func (s *Server) secret(p startfile.Setting) {
	if text, ok := s.value(p); ok && text != "" {
		s.Options = append(s.Options, Option{"secret-key", text, true})
	}
}
