package admin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sirupsen/logrus"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// crowd are clients of two gateways: a and b on the first, c on the second. a and c
// have the uid u, all are in the group g.
type crowd struct {
	*rig
	conns   map[string]*conn
	ids     map[string]gp.ClientID
	workers [2]*conn
	talkers []*conn // see TestScreenshots
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	r := newRig(t, 2, testToken)
	c := &crowd{rig: r, conns: map[string]*conn{}, ids: map[string]gp.ClientID{}}
	for i := range 2 {
		c.workers[i] = r.worker(i, "w:0")
	}
	for _, name := range []string{"a", "b", "c"} {
		i := 0
		if name == "c" {
			i = 1
		}
		c.conns[name], c.ids[name] = r.newClient(i)
		id := c.ids[name].ConnectionID
		if name != "b" {
			c.workers[i].command(t, gp.Message{Cmd: gp.CmdBindUID, ConnectionID: id, ExtData: []byte("u")})
		}
		c.workers[i].command(t, gp.Message{Cmd: gp.CmdJoinGroup, ConnectionID: id, ExtData: []byte("g")})
	}
	c.workers[0].command(t, gp.Message{Cmd: gp.CmdJoinGroup, ConnectionID: c.ids["a"].ConnectionID, ExtData: []byte("Room 7")})
	c.workers[0].command(t, gp.Message{Cmd: gp.CmdSetSession, ConnectionID: c.ids["a"].ConnectionID, ExtData: []byte(`a:2:{s:4:"name";s:6:"你好";s:1:"n";i:5;}`)})
	c.workers[0].command(t, gp.Message{Cmd: gp.CmdSetSession, ConnectionID: c.ids["b"].ConnectionID, ExtData: []byte("\xff no PHP")})
	r.until("all is executed", func() bool {
		one, two := r.gateways[0].Stats().Commands, r.gateways[1].Stats().Commands
		return one[gp.CmdSetSession] == 2 && two[gp.CmdJoinGroup] == 1
	})
	r.untilTold()
	return c
}

func (c *crowd) names(ids []clientRow) string {
	var names []string
	for _, row := range ids {
		for name, id := range c.ids {
			if id.String() == row.ID {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, "")
}

func TestClients(t *testing.T) {
	c := newCrowd(t)
	remote := c.conns["b"].LocalAddr().String()
	for query, want := range map[string]string{
		"":                               "abc",
		"gateway=two":                    "c",
		"gateway=none":                   "",
		"uid=u":                          "ac",
		"uid=U":                          "",
		"group=g":                        "abc",
		"group=Room+7":                   "a",
		"worker=127.0.0.1:w:0":           "abc",
		"worker=x":                       "",
		"q=room":                         "a",
		"q=" + remote:                    "b",
		"q=" + c.ids["c"].String():       "c",
		"slow=1":                         "",
		"offset=1":                       "bc",
		"offset=1&limit=1":               "b",
		"offset=9":                       "",
		"limit=0":                        "",
		"offset=9223372036854775807":     "",
		"q=u&gateway=one&group=g&uid=u":  "a",
		"offset=1&gateway=one&limit=100": "b",
	} {
		p := decode[listing[clientRow]](t, c.get("/api/clients?"+query))
		if got := c.names(p.Items); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
	p := decode[listing[clientRow]](t, c.get("/api/clients?limit=1"))
	want := listing[clientRow]{Total: 3, Items: []clientRow{{
		ID: c.ids["a"].String(), Gateway: "one", Remote: c.conns["a"].LocalAddr().String(), UID: "u",
		Groups: []string{"g", "Room 7"}, GroupCount: 2, Worker: "127.0.0.1:w:0", Ready: true, SessionBytes: 42,
	}}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"offset=-1", "limit=x", "limit=1e3"} {
		for _, path := range []string{"clients", "groups", "uids", "workers", "log"} {
			if code, body := c.do(http.MethodGet, "/api/"+path+"?"+bad, "", withToken); code != http.StatusBadRequest {
				t.Errorf("%s?%s: %d %s", path, bad, code, body)
			}
		}
	}
}

func TestOneClient(t *testing.T) {
	c := newCrowd(t)
	for name, want := range map[string]string{
		"a": `"session":{"name":"你好","n":5}}`,
		"b": `"session":null,"session_base64":"/yBubyBQSFA="}`,
		"c": `"session":{}}`,
	} {
		if body := strings.TrimSpace(c.get("/api/clients/" + c.ids[name].String())); !strings.HasSuffix(body, want) {
			t.Errorf("%s: %s", name, body)
		}
	}
	gone := c.ids["a"]
	gone.ConnectionID += 1000
	elsewhere := c.ids["a"]
	elsewhere.LocalPort++
	for id, want := range map[string]int{
		gone.String(): 404, elsewhere.String(): 404, "x": 400, strings.Repeat("0", 20): 404,
	} {
		if code, body := c.do(http.MethodGet, "/api/clients/"+id, "", withToken); code != want {
			t.Errorf("%s: %d %s", id, code, body)
		}
	}
}

func TestCounts(t *testing.T) {
	c := newCrowd(t)
	for path, want := range map[string]string{
		"groups":                 `{"total":2,"offset":0,"items":[{"name":"g","clients":3},{"name":"Room 7","clients":1}]}`,
		"groups?gateway=two":     `{"total":1,"offset":0,"items":[{"name":"g","clients":1}]}`,
		"groups?q=ROOM":          `{"total":1,"offset":0,"items":[{"name":"Room 7","clients":1}]}`,
		"groups?offset=1&limit=": `{"total":2,"offset":1,"items":[{"name":"Room 7","clients":1}]}`,
		"uids":                   `{"total":1,"offset":0,"items":[{"name":"u","clients":2}]}`,
		"uids?q=x":               `{"total":0,"offset":0,"items":[]}`,
		"log":                    `{"total":0,"offset":0,"items":[]}`,
	} {
		if body := strings.TrimSpace(c.get("/api/" + path)); body != want {
			t.Errorf("%s: %s", path, body)
		}
	}
	workers := c.get("/api/workers?gateway=two")
	if !strings.Contains(workers, `"total":1,"offset":0,"items":[{"gateway":"two","key":"127.0.0.1:w:0","remote":"127.0.0.1:`) || !strings.Contains(workers, `"clients":1,"waiting_bytes":0,"dropped":0`) {
		t.Error(workers)
	}
}

func TestLog(t *testing.T) {
	r := newRig(t, 1, testToken)
	r.log.Info("not kept")
	for i := range logKept + 5 {
		r.log.WithFields(logrus.Fields{"n": i, "long": strings.Repeat("x", 2*logTextKept)}).Warn("line \xff")
	}
	p := decode[listing[LogLine]](t, r.get("/api/log?limit=1000"))
	if p.Total != logKept || len(p.Items) != logKept {
		t.Fatalf("%d, %d lines", p.Total, len(p.Items))
	}
	first := p.Items[0]
	if first.Fields["n"] != fmt.Sprint(logKept+4) || first.Level != "warning" || first.Message != "line \ufffd" || len(first.Fields["long"]) > logTextKept+5 {
		t.Errorf("the newest is %+v", first)
	}
}

func TestSend(t *testing.T) {
	c := newCrowd(t)
	for _, s := range []struct {
		to   string
		want string // who gets it
	}{
		{`"client_id":"` + c.ids["b"].String() + `"`, "b"},
		{`"uid":"u"`, "ac"},
		{`"uid":"u","gateway":"two"`, "c"},
		{`"group":"g"`, "abc"},
		{`"all":true,"gateway":"one"`, "ab"},
		{`"all":true`, "abc"},
	} {
		message := "to " + s.want + " <b>你好</b>"
		code, body := c.post("/api/send", fmt.Sprintf(`{%s,"message":%q}`, s.to, message))
		if want := fmt.Sprintf("{\"clients\":%d}\n", len(s.want)); code != http.StatusOK || body != want {
			t.Errorf("%s: %d %s", s.to, code, body)
		}
		for _, name := range s.want {
			if got := c.conns[string(name)].line(t); got != message {
				t.Errorf("%s: %c got %q", s.to, name, got)
			}
		}
	}
}

func TestKick(t *testing.T) {
	c := newCrowd(t)
	code, body := c.post("/api/kick", `{"client_id":"`+c.ids["b"].String()+`","message":"bye"}`)
	if code != http.StatusOK || body != "{\"clients\":1}\n" || c.conns["b"].line(t) != "bye" {
		t.Errorf("%d %s", code, body)
	}
	c.conns["b"].gone(t)
	if code, body = c.post("/api/kick", `{"uid":"u"}`); code != http.StatusOK || body != "{\"clients\":2}\n" {
		t.Errorf("%d %s", code, body)
	}
	for _, name := range []string{"a", "c"} {
		c.conns[name].gone(t)
	}
	c.until("all are gone", func() bool { return c.gateways[0].Stats().Clients+c.gateways[1].Stats().Clients == 0 })
}

func (r *rig) post(target, body string, headers ...string) (int, string) {
	r.t.Helper()
	return r.do(http.MethodPost, target, body, append([]string{withToken, "Content-Type: application/json"}, headers...)...)
}

// TestRefusedActions: what is not meant well, or not well put, does nothing.
func TestRefusedActions(t *testing.T) {
	c := newCrowd(t)
	a := `{"client_id":"` + c.ids["a"].String() + `","message":"x"}`
	for _, s := range []struct {
		path, body string
		header     string
		want       int
	}{
		{"send", a, "Authorization: Bearer no", 401},
		{"send", a, "Content-Type: text/plain", 415},
		{"send", a, "Content-Type: application/x-www-form-urlencoded", 415},
		{"send", a, "Origin: https://evil.example", 403},
		{"send", a, "Origin: null", 403},
		{"send", a, "Sec-Fetch-Site: cross-site", 403},
		{"send", a, "Host: evil.example", 421},
		{"kick", a, "Origin: http://localhost:1", 403},
		{"send", `{"message":"x"}`, "", 400},
		{"send", `{"uid":"u","all":true,"message":"x"}`, "", 400},
		{"send", `{"uid":"u"}`, "", 400},
		{"send", `{"uid":"u","message":""}`, "", 400},
		{"send", `{"uid":"u","message":"x","more":1}`, "", 400},
		{"send", `{"uid":"u","message":"x"} {}`, "", 400},
		{"send", `{"uid":"nobody","message":"x"}`, "", 404},
		{"send", `{"group":"none","message":"x"}`, "", 404},
		{"send", `{"all":true,"gateway":"none","message":"x"}`, "", 404},
		{"send", `{"client_id":"x","message":"x"}`, "", 400},
		{"send", `{"client_id":"00000000000000000000","message":"x"}`, "", 404},
		{"send", `{"all":true,"message":"` + strings.Repeat("x", maxAction) + `"}`, "", 413},
		{"send", ``, "", 400},
		{"kick", `{"all":true}`, "", 400},
		{"kick", `{"group":"g"}`, "", 400},
		{"kick", `{"uid":"nobody"}`, "", 404},
	} {
		if code, body := c.post("/api/"+s.path, s.body, s.header); code != s.want {
			t.Errorf("%s %.60s with %q: %d, want %d: %s", s.path, s.body, s.header, code, s.want, body)
		}
	}
	if code, _ := c.do(http.MethodGet, "/api/kick", "", withToken); code != http.StatusNotFound {
		t.Errorf("GET: %d", code)
	}
	if n := c.gateways[0].Stats().MessagesToClients + c.gateways[1].Stats().MessagesToClients; n != 0 {
		t.Errorf("%d messages were sent", n)
	}
	if code, body := c.post("/api/send", a, "Origin: http://localhost:8081", "Sec-Fetch-Site: same-origin"); code != http.StatusOK {
		t.Errorf("the own page: %d %s", code, body)
	}
}

func TestOverview(t *testing.T) {
	c := newCrowd(t)
	now := time.Now()
	c.samples.take(now.Add(-2 * time.Second))
	_, _ = c.conns["a"].Write([]byte("12345\n12345\n"))
	c.until("the messages are counted", func() bool {
		s := c.gateways[0].Stats()
		return s.MessagesFromClients == 2 && s.BytesFromClients == 12
	})
	c.untilTold()
	c.samples.take(now)
	code, body := c.do(http.MethodGet, "/api/overview", "")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	o := decode[overview](t, body)
	if len(o.Gateways) != 2 || o.Version != "v1.2.3" || !o.TokenRequired || o.Register == nil || o.Memory == 0 {
		t.Fatalf("%s", body)
	}
	want := gatewayOverview{
		Name: "one", Listeners: []Listener{{Listen: "text://127.0.0.1:0"}}, Inner: c.inner[0], Ready: true,
		Clients: 2, UIDs: 1, Groups: 2, Connects: 2, Dropped: map[string]uint64{"client": 0, "worker": 0},
		Commands: map[string]uint64{"CMD_WORKER_CONNECT": 1, "CMD_BIND_UID": 1, "CMD_JOIN_GROUP": 3, "CMD_SET_SESSION": 2},
		Messages: inOut{In: 2}, Bytes: inOut{In: 12},
		Workers:   []workerOverview{{Key: "127.0.0.1:w:0", Clients: 2}},
		Registers: []registerState{},
		Samples:   []point{{Time: now.UnixMilli(), Clients: 2, MessagesIn: 1, BytesIn: 6}},
	}
	ignored := cmp.Options{
		cmpopts.IgnoreFields(workerOverview{}, "Remote", "Since"), cmpopts.IgnoreFields(gatewayOverview{}, "Closes"),
		cmpopts.IgnoreFields(point{}, "TurnP50", "TurnP99"), cmpopts.EquateApprox(0, 0.01),
	}
	if diff := cmp.Diff(want, o.Gateways[0], ignored); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if o.Gateways[0].Closes["client"] != 0 || len(o.Gateways[0].Closes) < 5 {
		t.Errorf("closes: %v", o.Gateways[0].Closes)
	}
	_, body = c.do(http.MethodGet, fmt.Sprintf("/api/overview?since=%d", now.UnixMilli()), "")
	if o := decode[overview](t, body); len(o.Gateways[0].Samples) != 0 {
		t.Errorf("samples from before: %+v", o.Gateways[0].Samples)
	}
}

// TestSamplesAreBounded: only some minutes are kept.
func TestSamplesAreBounded(t *testing.T) {
	r := newRig(t, 1, "")
	now := time.Now()
	for i := range samplesKept + 10 {
		r.samples.take(now.Add(time.Duration(i) * time.Second))
	}
	if p := r.samples.points(0, 0); len(p) != samplesKept-1 || p[0].Time != now.Add(11*time.Second).UnixMilli() {
		t.Errorf("%d points", len(p))
	}
}
