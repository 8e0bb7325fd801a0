package gatewayprotocol

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// excluded lists the ids up to 12 that a set holds.
func excluded(s *IDSet) (ids []uint32) {
	for id := range uint32(13) {
		if s.Has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func texts(names [][]byte) []string {
	var out []string
	for _, n := range names {
		out = append(out, string(n))
	}
	return out
}

// The expectations were observed on PHP 8.2 with GatewayWorker 4.0.
var sendToAllCases = []struct {
	name, ext string
	only      bool
	to        []uint32
	exclude   []uint32
	refused   bool
}{
	{name: "empty", ext: ""},
	{name: "text 0", ext: "0"},
	{name: "no JSON", ext: `{"connections":`},
	{name: "JSON string", ext: `"connections"`},
	{name: "number", ext: `5`},
	{name: "one connection", ext: `{"connections":{"5":5}}`, only: true, to: []uint32{5}},
	{name: "many out of order", ext: `{"connections":{"7":7,"5":5,"6":6}}`, only: true, to: []uint32{7, 5, 6}},
	{name: "list with duplicates", ext: `{"connections":[5,"5",5.9,true]}`, only: true, to: []uint32{5, 5, 5, 1}},
	{name: "values count, not keys", ext: `{"connections":{"5":6}}`, only: true, to: []uint32{6}},
	{name: "repeated key keeps its place", ext: `{"connections":{"5":5,"6":6,"5":5}}`, only: true, to: []uint32{5, 6}},
	{name: "no connections is no client", ext: `{"connections":[]}`, only: true},
	{name: "empty object is no client", ext: `{"connections":{}}`, only: true},
	{name: "null connections is all", ext: `{"connections":null}`},
	{name: "scalar connections is no client", ext: `{"connections":5}`, only: true},
	{name: "false connections is no client", ext: `{"connections":false}`, only: true},
	{name: "impossible ids", ext: `{"connections":[-1,4294967296,"05","x",null,9]}`, only: true, to: []uint32{9}},
	{name: "nested", ext: `{"connections":[5,[6]]}`, refused: true},
	{name: "exclude", ext: `{"exclude":{"5":5,"2":2}}`, exclude: []uint32{2, 5}},
	{name: "exclude by key", ext: `{"exclude":{"5":"x","2":false}}`, exclude: []uint32{2, 5}},
	{name: "excluding null", ext: `{"exclude":{"5":null,"2":2}}`, exclude: []uint32{2}},
	{name: "exclude list is its keys", ext: `{"exclude":[5,null,5]}`, exclude: []uint32{0, 2}},
	{name: "exclude string is its offsets", ext: `{"exclude":"abc"}`, exclude: []uint32{0, 1, 2}},
	{name: "exclude text 0", ext: `{"exclude":"0"}`},
	{name: "exclude number", ext: `{"exclude":5}`},
	{name: "exclude nested value", ext: `{"exclude":{"5":[]}}`, exclude: []uint32{5}},
	{name: "exclude no canonical key", ext: `{"exclude":{"05":5}}`},
	{name: "exclude beside connections", ext: `{"connections":{"5":5},"exclude":{"5":5}}`, only: true, to: []uint32{5}},
	{name: "blanks", ext: ` { "connections" : { "5" : 5 } } `, only: true, to: []uint32{5}},
}

func TestDecodeSendToAllExt(t *testing.T) {
	var s SendToAll // one for all, so that leftovers would show
	for _, tt := range sendToAllCases {
		t.Run(tt.name, func(t *testing.T) {
			err := DecodeSendToAllExt([]byte(tt.ext), &s)
			if tt.refused {
				var me *MessageError
				if !errors.As(err, &me) || me.Cmd != CmdSendToAll || me.Part != "ext_data" {
					t.Fatalf("error = %v, want a MessageError of CMD_SEND_TO_ALL", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if s.Only != tt.only || !cmp.Equal(append([]uint32(nil), s.Connections...), tt.to) || !cmp.Equal(excluded(&s.Exclude), tt.exclude) {
				t.Errorf("only=%v to=%v exclude=%v, want only=%v to=%v exclude=%v",
					s.Only, s.Connections, excluded(&s.Exclude), tt.only, tt.to, tt.exclude)
			}
		})
	}
}

var namesCases = []struct {
	name, ext string
	want      []string
	refused   bool
}{
	{name: "one", ext: `["uid"]`, want: []string{"uid"}},
	{name: "integers and texts are the same key", ext: `[123,"123",123.9,"0123"]`, want: []string{"123", "123", "123", "0123"}},
	{name: "bool and null", ext: `[true,false,null]`, want: []string{"1", "0", ""}},
	{name: "negative", ext: `[-5,"-5","-0"]`, want: []string{"-5", "-5", "-0"}},
	{name: "object", ext: `{"a":"x","b":"y"}`, want: []string{"x", "y"}},
	{name: "escapes", ext: `["\u4e2d\u6587","a\/b","\""]`, want: []string{"中文", "a/b", `"`}},
	{name: "raw UTF-8", ext: `["中文"]`, want: []string{"中文"}},
	{name: "empty list", ext: `[]`},
	{name: "empty text", ext: `["",""]`, want: []string{"", ""}},
	{name: "no JSON", ext: `uid`},
	{name: "nothing", ext: ``},
	{name: "string", ext: `"uid"`},
	{name: "control character", ext: "[\"a\tb\"]"},
	{name: "bad UTF-8", ext: "[\"\xff\"]"},
	{name: "trailing comma", ext: `["a",]`},
	{name: "nested", ext: `["a",["b"]]`, refused: true},
	{name: "nested object", ext: `[{}]`, refused: true},
}

func TestDecodeNamesExt(t *testing.T) {
	for _, cmd := range []Command{CmdSendToUID, CmdBatchGetClientIDByUID, CmdBatchGetClientCountByGroup} {
		for _, tt := range namesCases {
			t.Run(cmd.String()+"/"+tt.name, func(t *testing.T) {
				names, err := DecodeNamesExt(cmd, []byte(tt.ext), [][]byte{[]byte("old")})
				if tt.refused {
					var me *MessageError
					if !errors.As(err, &me) || me.Cmd != cmd || len(names) != 0 {
						t.Fatalf("names %q, error %v, want a MessageError of %v", names, err, cmd)
					}
					return
				}
				if err != nil || !cmp.Equal(texts(names), tt.want) {
					t.Errorf("got %q, %v, want %q", names, err, tt.want)
				}
			})
		}
	}
}

var sendToGroupCases = []struct {
	name, ext string
	groups    []string
	exclude   []uint32
	refused   bool
}{
	{name: "plain", ext: `{"group":["g"],"exclude":null}`, groups: []string{"g"}},
	{name: "repeated", ext: `{"group":["g","g",5],"exclude":null}`, groups: []string{"g", "g", "5"}},
	{name: "exclude", ext: `{"group":["g"],"exclude":{"5":5,"3":3}}`, groups: []string{"g"}, exclude: []uint32{3, 5}},
	{name: "exclude list is its keys", ext: `{"group":["g"],"exclude":[5]}`, groups: []string{"g"}, exclude: []uint32{0}},
	{name: "exclude null value", ext: `{"group":["g"],"exclude":{"5":null}}`, groups: []string{"g"}},
	{name: "exclude missing", ext: `{"group":["g"]}`, groups: []string{"g"}},
	{name: "exclude string is its offsets", ext: `{"group":["g"],"exclude":"0"}`, groups: []string{"g"}, exclude: []uint32{0}},
	{name: "exclude number", ext: `{"group":["g"],"exclude":7}`, groups: []string{"g"}},
	{name: "group object", ext: `{"group":{"x":"g"},"exclude":null}`, groups: []string{"g"}},
	{name: "other order", ext: `{"exclude":null,"group":["g"]}`, groups: []string{"g"}},
	{name: "group text", ext: `{"group":"g","exclude":null}`},
	{name: "group missing", ext: `{}`},
	{name: "number", ext: `5`},
	{name: "list", ext: `["g"]`},
	{name: "no JSON", ext: `g`},
	{name: "empty", ext: ``},
	{name: "string", ext: `"g"`, refused: true},
	{name: "empty string", ext: `""`, refused: true},
	{name: "nested group", ext: `{"group":[["g"]],"exclude":null}`, refused: true},
}

func TestDecodeSendToGroupExt(t *testing.T) {
	var s SendToGroup
	for _, tt := range sendToGroupCases {
		t.Run(tt.name, func(t *testing.T) {
			err := DecodeSendToGroupExt([]byte(tt.ext), &s)
			if tt.refused {
				var me *MessageError
				if !errors.As(err, &me) || me.Cmd != CmdSendToGroup {
					t.Fatalf("error = %v, want a MessageError of CMD_SEND_TO_GROUP", err)
				}
				return
			}
			if err != nil || !cmp.Equal(texts(s.Groups), tt.groups) || !cmp.Equal(excluded(&s.Exclude), tt.exclude) {
				t.Errorf("groups %q, exclude %v, %v, want %q, %v", s.Groups, excluded(&s.Exclude), err, tt.groups, tt.exclude)
			}
		})
	}
}

var selectCases = []struct {
	name, ext string
	want      Select
	refused   bool
}{
	{name: "falsy text", ext: "", want: Select{None: true}},
	{name: "no JSON", ext: "x", want: Select{None: true}},
	{name: "zero", ext: "0", want: Select{None: true}},
	{name: "empty object", ext: "{}", want: Select{None: true}},
	{name: "empty string", ext: `""`, want: Select{None: true}},
	{name: "number", ext: "5", want: Select{All: true}},
	{name: "true", ext: "true", want: Select{All: true}},
	{name: "all", ext: `{"fields":["session","uid"],"where":[]}`, want: Select{Fields: []string{"session", "uid"}, All: true}},
	{name: "where missing", ext: `{"fields":["uid"]}`, want: Select{Fields: []string{"uid"}, All: true}},
	{name: "where falsy text", ext: `{"fields":["uid"],"where":"0"}`, want: Select{Fields: []string{"uid"}, All: true}},
	{name: "where truthy text is no client", ext: `{"fields":["uid"],"where":"x"}`, want: Select{Fields: []string{"uid"}}},
	{name: "clauses in order", ext: `{"fields":[],"where":{"uid":["a",5],"groups":["g"],"connection_id":{"5":5,"3":3}}}`,
		want: Select{Where: []WhereClause{{Key: "uid", Names: []string{"a", "5"}}, {Key: "groups", Names: []string{"g"}}, {Key: "connection_id", IDs: []uint32{5, 3}}}}},
	{name: "unknown key is no client", ext: `{"fields":["uid"],"where":{"session":[["x"]]}}`, want: Select{Fields: []string{"uid"}}},
	{name: "list where is no client", ext: `{"fields":["uid"],"where":["uid"]}`, want: Select{Fields: []string{"uid"}}},
	{name: "scalar items are no client", ext: `{"fields":["uid"],"where":{"uid":"a"}}`, want: Select{Fields: []string{"uid"}}},
	{name: "fields no array", ext: `{"fields":"uid","where":null}`, want: Select{All: true}},
	{name: "fields repeated and odd", ext: `{"fields":["uid","uid",1,true,null],"where":null}`, want: Select{Fields: []string{"uid", "1", ""}, All: true}},
	{name: "string", ext: `"fields"`, refused: true},
	{name: "nested field", ext: `{"fields":[["uid"]]}`, refused: true},
	{name: "nested field without clients", ext: `{"fields":[["uid"],"x"],"where":5}`, want: Select{Fields: []string{"x"}}},
	{name: "nested uid", ext: `{"fields":["uid"],"where":{"uid":[[1]]}}`, refused: true},
	{name: "nested id", ext: `{"fields":["uid"],"where":{"connection_id":[{}]}}`, refused: true},
}

func TestDecodeSelectExt(t *testing.T) {
	for _, tt := range selectCases {
		t.Run(tt.name, func(t *testing.T) {
			got, err := DecodeSelectExt([]byte(tt.ext))
			if tt.refused {
				var me *MessageError
				if !errors.As(err, &me) || me.Cmd != CmdSelect {
					t.Fatalf("error = %v, want a MessageError of CMD_SELECT", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAppendExt pins the bytes that PHP's json_encode makes of what
// Lib\Gateway builds.
func TestAppendExt(t *testing.T) {
	must := func(b []byte, err error) string {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
		return string(b)
	}
	for _, tt := range []struct{ name, got, want string }{
		{"connections", string(AppendConnectionsExt(nil, []uint32{5})), `{"connections":{"5":5}}`},
		{"connections in order, once", string(AppendConnectionsExt(nil, []uint32{7, 5, 7})), `{"connections":{"7":7,"5":5}}`},
		{"connections from 1", string(AppendConnectionsExt(nil, []uint32{1, 2})), `{"connections":{"1":1,"2":2}}`},
		{"connections from 0 are a list", string(AppendConnectionsExt(nil, []uint32{0, 1})), `{"connections":[0,1]}`},
		{"no connections", string(AppendConnectionsExt(nil, nil)), `{"connections":[]}`},
		{"exclude", string(AppendExcludeExt(nil, []uint32{4294967295})), `{"exclude":{"4294967295":4294967295}}`},
		{"exclude no client", string(AppendExcludeExt(nil, nil)), ``},
		{"uids", must(AppendNamesExt(nil, []string{"a/b", "5", "中"})), `["a\/b","5","\u4e2d"]`},
		{"no uids", must(AppendNamesExt(nil, nil)), `[]`},
		{"group", must(AppendGroupsExt(nil, []string{"a"}, nil)), `{"group":["a"],"exclude":null}`},
		{"groups but", must(AppendGroupsExt(nil, []string{"a", "b"}, []uint32{5, 2})), `{"group":["a","b"],"exclude":{"5":5,"2":2}}`},
		{"select all", must(AppendSelectExt(nil, []string{"uid"}, nil)), `{"fields":["uid"],"where":[]}`},
		{"select where", must(AppendSelectExt(nil, []string{"session", "uid"}, []WhereClause{
			{Key: WhereGroups, Names: []string{"g"}}, {Key: WhereConnectionID, IDs: []uint32{5}},
		})), `{"fields":["session","uid"],"where":{"groups":["g"],"connection_id":{"5":5}}}`},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	prefix := []byte("kept")
	for name, f := range map[string]func() ([]byte, error){
		"names":  func() ([]byte, error) { return AppendNamesExt(prefix, []string{"a", "\xff"}) },
		"groups": func() ([]byte, error) { return AppendGroupsExt(prefix, []string{"\xff"}, nil) },
		"select": func() ([]byte, error) {
			return AppendSelectExt(prefix, []string{"uid"}, []WhereClause{{Key: WhereUID, Names: []string{"\xff"}}})
		},
	} {
		if b, err := f(); err == nil || string(b) != "kept" {
			t.Errorf("%s with bad UTF-8: %q, %v, want dst as it was and an error", name, b, err)
		}
	}
}

func TestIDSet(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{0, 1, 8, 9, 1000} {
		want := map[uint32]bool{}
		keys := phpserialize.NewArray()
		for range n {
			id := rng.Uint32N(3000)
			want[id] = true
			keys.Set(phpserialize.IntKey(int64(id)), true)
		}
		var s IDSet
		s.setKeys(keys)
		if s.Empty() != (n == 0) {
			t.Errorf("%d ids: Empty() = %v", n, s.Empty())
		}
		for id := range uint32(3000) {
			if s.Has(id) != want[id] {
				t.Fatalf("%d ids: Has(%d) = %v", n, id, s.Has(id))
			}
		}
	}
}

// The hot shapes must not fall off their fast path unnoticed.
func TestExtFastPathAllocatesNothing(t *testing.T) {
	var all SendToAll
	var group SendToGroup
	var names [][]byte
	var big strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&big, `,"%d":%d`, 5000-i, 5000-i)
	}
	run := func() {
		for _, ext := range []string{`{"connections":{"5":5}}`, `{"connections":[5,5,6]}`, `{"exclude":{"5":5}}`, `{"connections":{` + big.String()[1:] + `}}`} {
			if !all.decodeFast([]byte(ext)) {
				t.Fatalf("%.40s is not fast", ext)
			}
		}
		for _, ext := range []string{`{"group":["g"],"exclude":null}`, `{"group":["g","h",5],"exclude":{"5":5,"3":3}}`} {
			if !group.decodeFast([]byte(ext)) {
				t.Fatalf("%s is not fast", ext)
			}
		}
		names, _ = DecodeNamesExt(CmdSendToUID, []byte(`["uid",5]`), names)
	}
	run()
	ext := []byte(`{"group":["g"],"exclude":{"5":5}}`)
	uids := []byte(`["uid",5]`)
	conns := []byte(`{"connections":{"7":7,"5":5}}`)
	if n := testing.AllocsPerRun(100, func() {
		DecodeSendToGroupExt(ext, &group)
		DecodeSendToAllExt(conns, &all)
		names, _ = DecodeNamesExt(CmdSendToUID, uids, names)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
