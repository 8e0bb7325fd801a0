package startfile

import (
	"cmp"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/phpsyntax"
)

func sortSettings(list []Setting) {
	slices.SortFunc(list, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
}

// Framework returns the name of the framework whose configuration the program
// is, after making the Workers that the framework makes of it; "" if it is none.
func (p *Program) Framework() string {
	a, ok := p.Returned.(*Array)
	if !ok {
		return ""
	}
	if isThink(a) {
		p.think(a)
		return "think-worker"
	}
	if p.webman(a) {
		return "webman"
	}
	return ""
}

// at is the place of an element behind a line: PHP does not tell it, the file
// does.
func (p *Program) at(e Entry, behind int) Place {
	line := e.Line
	if name, ok := e.Key.(string); ok && line == 0 {
		line = lineOfKey(p.File, name, behind)
	}
	return Place{p.File, line}
}

// webman reads config/plugin/webman/gateway-worker/process.php and the like:
// each element is a process, with a class that handles it.
func (p *Program) webman(a *Array) bool {
	found := false
	for _, e := range a.Entries {
		process, ok := e.Value.(*Array)
		if !ok {
			continue
		}
		handler, ok := process.Get("handler")
		class, isText := handler.Value.(string)
		if !ok || !isText {
			continue
		}
		found = true
		if enabled, ok := process.Get("enable"); ok {
			if truth, known := Truth(enabled.Value); known && !truth {
				continue
			}
		}
		w := &Worker{Place: p.at(e, 0), Kind: cmp.Or(kindOf(strings.TrimPrefix(class, `\`)), KindOther), Class: strings.TrimPrefix(class, `\`)}
		for _, option := range process.Entries {
			switch name, _ := option.Key.(string); name {
			case "listen":
				w.Listen = option.Value
			case "context":
				w.Context = option.Value
			case "constructor":
				p.constructor(w, option.Value)
			case "handler", "enable", "bootstrap", "services":
			default:
				w.Props = append(w.Props, Setting{p.at(option, w.Line), name, option.Value})
			}
		}
		p.Workers = append(p.Workers, w)
	}
	if found {
		p.webmanProject()
	}
	return found
}

// constructor takes ['config' => [...]]: the plugin's classes set each element.
func (p *Program) constructor(w *Worker, v any) {
	a, ok := v.(*Array)
	if !ok || len(a.Entries) == 0 {
		return
	}
	config, ok := a.Entries[0].Value.(*Array)
	if !ok || w.Kind == KindOther {
		return
	}
	for _, e := range config.Entries {
		name, ok := Text(e.Key)
		if ok && (w.Kind != KindRegister || name == "secretKey") { // the plugin's Register reads no other
			w.Props = append(w.Props, Setting{p.at(e, w.Line), name, e.Value})
		}
	}
}

// webmanProject reads what config/server.php and app.php beside say for all.
func (p *Program) webmanProject() {
	app := filepath.Join(filepath.Dir(p.File), "app.php")
	if q, err := Read(app); err == nil {
		if a, ok := q.Returned.(*Array); ok {
			if e, ok := a.Get("enable"); ok && e.Value == false {
				p.Remarks = append(p.Remarks, Remark{q.at(e, 0), "the plugin is switched off here: webman starts none of these"})
			}
		}
	}
	server := filepath.Join(projectRoot(filepath.Dir(p.File)), "config", "server.php")
	if q, err := Read(server); err == nil {
		if a, ok := q.Returned.(*Array); ok {
			if e, ok := a.Get("max_package_size"); ok {
				p.Statics = append(p.Statics, Setting{q.at(e, 0), `Workerman\Connection\TcpConnection::defaultMaxPackageSize`, e.Value})
			}
		}
	}
}

func isThink(a *Array) bool {
	for _, name := range []string{"gateway_deploy", "register_deploy", "businessWorker_deploy"} {
		if _, ok := a.Get(name); ok {
			return true
		}
	}
	return false
}

// think reads config/gateway_worker.php of think-worker 2 and 3, as its command
// worker:gateway does.
func (p *Program) think(a *Array) {
	get := func(name string, otherwise any) any {
		e, _ := a.Get(name)
		if truth, known := Truth(e.Value); !truth && known {
			return otherwise
		}
		return e.Value
	}
	first := Place{p.File, 1}
	if e, ok := a.Get("registerAddress"); ok {
		first = p.at(e, 0)
	}
	register := get("registerAddress", "127.0.0.1:1236")
	if get("register_deploy", nil) != nil {
		p.Workers = append(p.Workers, &Worker{Place: first, Kind: KindRegister, Class: `GatewayWorker\Register`, Listen: operate(".", "text://", register)})
	}
	if get("businessWorker_deploy", nil) != nil {
		p.Workers = append(p.Workers, &Worker{Place: first, Kind: KindBusinessWorker, Class: `GatewayWorker\BusinessWorker`})
	}
	if get("gateway_deploy", nil) == nil {
		return
	}
	socket := operate(".", operate(".", operate(".", operate(".", get("protocol", "websocket"), "://"), get("host", "0.0.0.0")), ":"), get("port", "2347"))
	w := &Worker{Place: first, Kind: KindGateway, Class: `GatewayWorker\Gateway`, Listen: get("socket", socket), Context: get("context", nil)}
	set := func(at Place, name string, v any) {
		for i := range w.Props {
			if w.Props[i].Name == name {
				w.Props[i] = Setting{at, name, v}
				return
			}
		}
		w.Props = append(w.Props, Setting{at, name, v})
	}
	set(first, "pingInterval", int64(30))
	set(first, "pingData", `{"type":"ping"}`)
	set(first, "registerAddress", register)
	for _, e := range a.Entries {
		switch name, _ := e.Key.(string); name {
		case "protocol", "host", "port", "socket", "context", "register_deploy", "businessWorker_deploy", "gateway_deploy", "businessWorker":
		case "stdoutFile", "daemonize", "pidFile", "logFile":
			p.Statics = append(p.Statics, Setting{p.at(e, 0), `Workerman\Worker::` + name, e.Value})
		default:
			set(p.at(e, 0), name, e.Value)
		}
	}
	p.Workers = append(p.Workers, w)
}

// lineOfKey is the first line of a file, from behind on, on which the key name of
// an array stands; 0 if there is none.
func lineOfKey(file, name string, behind int) int {
	line := 0
	visit(file, func(node any) {
		if a, ok := node.(*phpsyntax.Array); ok {
			for _, it := range a.Items {
				if l, ok := it.Key.(*phpsyntax.Literal); ok && l.Value == name && line == 0 && l.Line >= behind {
					line = l.Line
				}
			}
		}
	})
	return line
}

// lineOfStatic is the line on which the static property Class::name is set.
func lineOfStatic(file, name string) int {
	line := 0
	_, name, _ = strings.Cut(name, "::")
	visit(file, func(node any) {
		if a, ok := node.(*phpsyntax.Assign); ok {
			if s, ok := a.L.(*phpsyntax.StaticProperty); ok && s.Name == name {
				line = s.Line
			}
		}
	})
	return line
}

// visit calls f with the nodes of a file.
func visit(file string, f func(node any)) {
	src, err := readSource(file)
	if err != nil {
		return
	}
	stmts, err := phpsyntax.Parse(src)
	if err != nil {
		return
	}
	walk(reflect.ValueOf(stmts), func(node any) bool {
		f(node)
		return true
	})
}

// walk calls f with the pointers in v until it returns false.
func walk(v reflect.Value, f func(node any) bool) bool {
	switch v.Kind() {
	case reflect.Interface:
		return v.IsNil() || walk(v.Elem(), f)
	case reflect.Pointer:
		return v.IsNil() || f(v.Interface()) && walk(v.Elem(), f)
	case reflect.Struct:
		for _, field := range v.Fields() {
			if !walk(field, f) {
				return false
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if !walk(v.Index(i), f) {
				return false
			}
		}
	}
	return true
}
