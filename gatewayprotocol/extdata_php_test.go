package gatewayprotocol

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/internal/phporacle"
)

// vocabulary are the names that the oracle's connections 0, 1, 2 … have as
// uid and group.
var vocabulary = []string{"uid", "123", "0123", "1", "0", "", "-5", "-0", "x", "a/b", "中文", "g", "5"}

// extOracle asks PHP's own Gateway.
type extOracle struct {
	in  *bufio.Writer
	out *bufio.Reader
}

// newExtOracle skips the test unless PHP's Gateway is at hand.
func newExtOracle(t *testing.T) *extOracle {
	phporacle.AvailableWorkerman(t)
	names, err := json.Marshal(vocabulary)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("php", "testdata/extdata_oracle.php", string(names))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return &extOracle{bufio.NewWriter(stdin), bufio.NewReader(stdout)}
}

func (o *extOracle) ask(t *testing.T, cmd Command, ext string) string {
	t.Helper()
	fmt.Fprintf(o.in, "%d %s\n", cmd, base64.StdEncoding.EncodeToString([]byte(ext)))
	if err := o.in.Flush(); err != nil {
		t.Fatal(err)
	}
	line, err := o.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(line, "\n")
}

// obey does what the oracle does, with what the Decode functions understood.
func obey(cmd Command, ext string) string {
	var sent []string
	send := func(id int) { sent = append(sent, fmt.Sprint(id)) }
	byName := func(name string) (int, bool) {
		for i, v := range vocabulary {
			if v == name {
				return i, true
			}
		}
		return 0, false
	}
	switch cmd {
	case CmdSendToAll:
		var s SendToAll
		if DecodeSendToAllExt([]byte(ext), &s) != nil {
			return "died"
		}
		if s.Only {
			for _, id := range s.Connections {
				if int64(id) < int64(len(vocabulary)) {
					send(int(id))
				}
			}
			break
		}
		for i := range vocabulary {
			if !s.Exclude.Has(uint32(i)) {
				send(i)
			}
		}
	case CmdSendToUID:
		names, err := DecodeNamesExt(cmd, []byte(ext), nil)
		if err != nil {
			return "died"
		}
		for _, n := range names {
			if i, ok := byName(string(n)); ok {
				send(i)
			}
		}
	case CmdSendToGroup:
		var s SendToGroup
		if DecodeSendToGroupExt([]byte(ext), &s) != nil {
			return "died"
		}
		for _, n := range s.Groups {
			if i, ok := byName(string(n)); ok && !s.Exclude.Has(uint32(i)) {
				send(i)
			}
		}
	case CmdBatchGetClientIDByUID, CmdBatchGetClientCountByGroup:
		names, err := DecodeNamesExt(cmd, []byte(ext), nil)
		if err != nil {
			return "died"
		}
		var fields orderedFields
		for _, n := range names {
			v := map[Command]string{CmdBatchGetClientIDByUID: "{}", CmdBatchGetClientCountByGroup: "0"}[cmd]
			if i, ok := byName(string(n)); ok {
				v = map[Command]string{CmdBatchGetClientIDByUID: fmt.Sprintf(`{"0":%d}`, i), CmdBatchGetClientCountByGroup: "1"}[cmd]
			}
			fields.set(string(n), v)
		}
		return fields.String()
	case CmdSelect:
		s, err := DecodeSelectExt([]byte(ext))
		if err != nil {
			return "died"
		}
		var rows orderedFields
		row := func(i int) {
			var fields orderedFields
			for _, f := range s.Fields {
				switch f {
				case "uid":
					fields.set(f, phpQuote(vocabulary[i]))
				case "session":
					fields.set(f, `"s"`)
				default:
					fields.set(f, "null")
				}
			}
			if len(s.Fields) > 0 || !s.All {
				rows.set(fmt.Sprint(i), fields.String())
			}
		}
		if s.All {
			for i := range vocabulary {
				row(i)
			}
		}
		for _, c := range s.Where {
			for _, n := range c.Names {
				if i, ok := byName(n); ok {
					row(i)
				}
			}
			for _, id := range c.IDs {
				if int64(id) < int64(len(vocabulary)) {
					row(int(id))
				}
			}
		}
		return rows.String()
	}
	return strings.Join(sent, ",")
}

// orderedFields is a JSON object in the making.
type orderedFields struct{ keys, values []string }

func (o *orderedFields) set(key, value string) {
	for i, k := range o.keys {
		if k == key {
			o.values[i] = value
			return
		}
	}
	o.keys, o.values = append(o.keys, key), append(o.values, value)
}

func (o *orderedFields) String() string {
	var parts []string
	for i, k := range o.keys {
		parts = append(parts, phpQuote(k)+":"+o.values[i])
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func phpQuote(s string) string {
	b, err := AppendNamesExt(nil, []string{s})
	if err != nil {
		panic(err)
	}
	return string(b[1 : len(b)-1])
}

var extCommands = []Command{CmdSendToAll, CmdSendToUID, CmdSendToGroup, CmdBatchGetClientIDByUID, CmdBatchGetClientCountByGroup, CmdSelect}

// TestExtAgainstPHP compares what is made of every known ext_data, and of many
// made at random, with PHP's own Gateway.
func TestExtAgainstPHP(t *testing.T) {
	oracle := newExtOracle(t)
	var exts []string
	for _, c := range sendToAllCases {
		exts = append(exts, c.ext)
	}
	for _, c := range namesCases {
		exts = append(exts, c.ext)
	}
	for _, c := range sendToGroupCases {
		exts = append(exts, c.ext)
	}
	for _, c := range selectCases {
		exts = append(exts, c.ext)
	}
	rng := rand.New(rand.NewPCG(20, 25))
	for range 3000 {
		exts = append(exts, randomExt(rng))
	}
	bad, refused := 0, 0
	for _, ext := range exts {
		for _, cmd := range extCommands {
			if php, we := oracle.ask(t, cmd, ext), obey(cmd, ext); php != we {
				if cmd == CmdSelect && php == "{}" && we == "died" {
					refused++ // a bad field, and a where that might match but does not
					continue
				}
				t.Errorf("%v %s\nPHP %s\n we %s", cmd, ext, php, we)
				if bad++; bad > 20 {
					t.FailNow()
				}
			}
		}
	}
	fmt.Printf("oracle: %d live (%s), %d refused that PHP answers\n", len(exts)*len(extCommands), t.Name(), refused)
}

func randomExt(rng *rand.Rand) string {
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	scalar := func() string {
		return pick("5", `"5"`, "0", `"0"`, "1", "123", `"123"`, "123.9", "true", "false", "null", `""`, `"uid"`, `"x"`, `"a\/b"`,
			`"a/b"`, `"中文"`, `"\u4e2d\u6587"`, "-5", `"-5"`, "-0", "-0.0", `"-0"`, "1e1", "4294967296", "1e25", "99999999999999999999", `"groups"`, `"session"`)
	}
	list := func() string {
		var parts []string
		for range rng.IntN(4) {
			parts = append(parts, scalar())
		}
		if rng.IntN(25) == 0 {
			parts = append(parts, pick("[]", "{}", "[1]"))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	object := func() string {
		var parts []string
		for range rng.IntN(4) {
			k := pick(`"5"`, `"2"`, `"0"`, `"x"`, `"05"`, `"1"`, `"12"`)
			v := scalar()
			if rng.IntN(2) == 0 {
				v = strings.Trim(k, `"`)
			}
			parts = append(parts, k+":"+v)
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	value := func() string {
		switch rng.IntN(5) {
		case 0:
			return scalar()
		case 1, 2:
			return list()
		}
		return object()
	}
	where := func() string {
		if rng.IntN(4) == 0 {
			return value()
		}
		var parts []string
		for range rng.IntN(3) {
			parts = append(parts, pick(`"uid"`, `"groups"`, `"connection_id"`, `"session"`)+":"+value())
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	member := func() string {
		switch k := pick("connections", "exclude", "group", "fields", "where"); k {
		case "where":
			return `"where":` + where()
		default:
			return `"` + k + `":` + value()
		}
	}
	switch rng.IntN(8) {
	case 0:
		return value()
	case 1:
		return `{"connections":` + value() + `}`
	case 2:
		return `{"exclude":` + value() + `}`
	case 3:
		return `{"group":` + value() + `,"exclude":` + value() + `}`
	case 4, 5:
		return `{"fields":` + list() + `,"where":` + where() + `}`
	}
	var parts []string
	for range rng.IntN(4) {
		parts = append(parts, member())
	}
	return "{" + strings.Join(parts, ",") + "}"
}
