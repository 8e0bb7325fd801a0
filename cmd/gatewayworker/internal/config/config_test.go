package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var schema = Schema{
	Process: []string{"log-level", "register-listen"},
	Gateway: []string{"listen", "lan-ip", "start-port", "register-address", "ping-data"}, Listener: []string{"listen", "transport"},
	Similar: func(word string, names []string) []string {
		for _, n := range names {
			if strings.ReplaceAll(word, "_", "-") == n {
				return []string{n}
			}
		}
		return nil
	},
}

func TestParse(t *testing.T) {
	f, err := Parse("f.yaml", []byte(`# a comment
log-level: debug
lan-ip: &ip 10.0.0.1
register-address: [a:1236, b:1236]
start-port: 2900
ping-data: '{"type":"ping"}'
gateways:
  - name: web
    listen: websocket://0.0.0.0:8282
    register-address:
      - c:1236
    listeners:
      - listen: websocket://0.0.0.0:8443
        transport: ssl
  - listen: text://0.0.0.0:8283
    lan-ip: *ip
    ping-data: # nothing, and so not set
`), schema)
	if err != nil {
		t.Fatal(err)
	}
	value := func(line int, key string, texts ...string) Value {
		return Value{Key: key, Texts: texts, File: "f.yaml", Line: line}
	}
	want := &File{
		Path: "f.yaml",
		Top: Section{Line: 2, Values: []Value{
			value(2, "log-level", "debug"), value(3, "lan-ip", "10.0.0.1"), value(4, "register-address", "a:1236", "b:1236"),
			value(5, "start-port", "2900"), value(6, "ping-data", `{"type":"ping"}`),
		}},
		Gateways: []Section{
			{
				Name: "gateways[web]", Line: 8,
				Values: []Value{value(8, "name", "web"), value(9, "listen", "websocket://0.0.0.0:8282"), value(11, "register-address", "c:1236")},
				Listeners: []Section{{
					Name: "gateways[web].listeners[0]", Line: 13,
					Values: []Value{value(13, "listen", "websocket://0.0.0.0:8443"), value(14, "transport", "ssl")},
				}},
			},
			{Name: "gateways[1]", Line: 15, Values: []Value{value(15, "listen", "text://0.0.0.0:8283"), value(3, "lan-ip", "10.0.0.1")}},
		},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Error(diff)
	}
	for _, empty := range []string{"", "# nothing\n", "---\n", "~"} {
		if f, err := Parse("f.yaml", []byte(empty), schema); err != nil || len(f.Top.Values) > 0 {
			t.Errorf("%q: %+v, %v", empty, f, err)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"lan_ip: 1":                                  "f.yaml:1: unknown key lan_ip; did you mean lan-ip?",
		"\n\nnonsense: 1":                            "f.yaml:3: unknown key nonsense",
		"lan-ip: a\nlan-ip: b":                       "f.yaml:2: lan-ip stands in line 1 already",
		"ping-data: {type: ping}":                    "f.yaml:1: ping-data: want a text, a number or a list of them; what holds braces needs quotes, as '{\"type\":\"ping\"}'",
		"register-address: [[a]]":                    "f.yaml:1: register-address: want a text or a number in each item",
		"- lan-ip: 1":                                "f.yaml:1: want a mapping of keys to values, as in log-level: info",
		"lan-ip: 1\n---\nlan-ip: 2":                  "f.yaml:2: a second document: a configuration file has one",
		"lan-ip: [":                                  "f.yaml:1: no YAML: did not find expected node content",
		"gateways: web":                              "f.yaml:1: gateways: want a list, each item of which begins with -",
		"gateways:\n  - web":                         "f.yaml:2: gateways: want a mapping of keys to values in each item",
		"gateways: []":                               "f.yaml:1: gateways: the list is empty; leave it out for the one gateway of the keys outside of it",
		"gateways:\n  - log-level: debug":            "f.yaml:2: log-level cannot stand in gateways[0]: it is one for the top of the file",
		"gateways:\n  - lanip: 1":                    "f.yaml:2: unknown key lanip in gateways[0]",
		"gateways:\n  - {name: a}\n  - {name: a}":    "f.yaml:3: gateways[a]: there is a gateway of this name in line 2",
		"gateways:\n  - listeners:\n    - lan-ip: 1": "f.yaml:3: lan-ip cannot stand in gateways[0].listeners[0]: it is one for the gateway",
		"a: 1\nb: 2":                                 "f.yaml:1: unknown key a\nf.yaml:2: unknown key b",
	} {
		f, err := Parse("f.yaml", []byte(text), schema)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %+v, error %v\nwant %s", text, f, err, want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none.yaml"), schema); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(large, schema); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a large file: %v", err)
	}
}
