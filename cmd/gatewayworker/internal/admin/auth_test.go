package admin

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// closedPaths need the token.
var closedPaths = []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/symbol", "/debug/pprof/heap", "/api/clients", "/api/groups", "/api/uids", "/api/workers", "/api/log"}

func TestToken(t *testing.T) {
	r := newRig(t, 1, testToken)
	for _, path := range closedPaths {
		for _, c := range []struct {
			header string
			want   int
		}{
			{"X: y", http.StatusUnauthorized},
			{"Authorization: Basic " + testToken, http.StatusUnauthorized},
			{"Authorization: " + testToken, http.StatusUnauthorized},
			{withToken, http.StatusOK},
			{"Cookie: token=" + testToken, http.StatusUnauthorized},
		} {
			if code, body := r.do(http.MethodGet, path, "", c.header); code != c.want {
				t.Errorf("%s with %s: %d, want %d: %s", path, c.header, code, c.want, body)
			}
			if code, _ := r.do(http.MethodGet, path+"?token="+testToken, "", "X: y"); code != http.StatusUnauthorized {
				t.Errorf("%s takes the token from the address", path)
			}
		}
	}
}

// TestWithoutToken: without a token there is none that is right.
func TestWithoutToken(t *testing.T) {
	r := newRig(t, 1, "")
	for _, header := range []string{"X: y", "Authorization: Bearer ", "Authorization: Bearer x"} {
		for _, path := range closedPaths {
			if code, body := r.do(http.MethodGet, path, "", header); code != http.StatusForbidden || !strings.Contains(body, "--admin-token-file") {
				t.Errorf("%s with %s: %d %s", path, header, code, body)
			}
		}
	}
}

// TestBadTokens: after some bad tokens none of that peer is looked at, the right one
// neither; other peers do not notice.
func TestBadTokens(t *testing.T) {
	r := newRig(t, 1, testToken)
	ask := func(remote, token string) int {
		code, _ := r.do(http.MethodGet, "/debug/pprof/cmdline", "", "Remote: "+remote, "Authorization: Bearer "+token)
		return code
	}
	limited := false
	for range 10 * badTokens { // faster than one a second, or it takes longer
		if ask("192.0.2.7:1", "a bad token") == http.StatusTooManyRequests {
			limited = true
			break
		}
	}
	if !limited {
		t.Error("bad tokens are not limited")
	}
	if code := ask("192.0.2.8:1", testToken); code != http.StatusOK {
		t.Errorf("another peer: %d", code)
	}
}

// TestReload: the configuration is read again for who has the token alone.
func TestReload(t *testing.T) {
	r := newRig(t, 1, testToken)
	var failure error
	calls := 0
	opts := Options{Listener: listen(t), Observed: r.observed, Token: testToken, Logger: r.log, Reload: func() (any, error) {
		calls++
		return map[string]int{"calls": calls}, failure
	}}
	defer opts.Listener.Close()
	r.handler = newHandler(&opts, r.ring, r.samples, r.log)
	if code, _ := r.do(http.MethodPost, "/api/reload", "{}", "Content-Type: application/json"); code != http.StatusUnauthorized || calls != 0 {
		t.Errorf("without the token: %d, %d calls", code, calls)
	}
	if code, body := r.post("/api/reload", "{}"); code != http.StatusOK || body != "{\"calls\":1}\n" {
		t.Errorf("%d %s", code, body)
	}
	failure = errors.New("line 3: what is this?")
	if code, body := r.post("/api/reload", "{}"); code != http.StatusUnprocessableEntity || body != "{\"error\":\"nothing is changed: line 3: what is this?\"}\n" {
		t.Errorf("%d %s", code, body)
	}
}

// TestDrain: who has the token, alone, can have the clients sent away.
func TestDrain(t *testing.T) {
	r := newRig(t, 1, testToken)
	var asked []DrainRequest
	opts := Options{
		Listener: listen(t), Observed: r.observed, Token: testToken, Logger: r.log,
		Drain: func(d DrainRequest) error {
			if d.Refuse && d.Seconds == nil {
				return errors.New("an upgrade is under way")
			}
			asked = append(asked, d)
			return nil
		},
		Drained: func() (DrainState, bool) { return DrainState{Clients: 3, From: 7, SecondsLeft: 2.5}, len(asked) > 0 },
	}
	defer opts.Listener.Close()
	r.handler = newHandler(&opts, r.ring, r.samples, r.log)
	if code, _ := r.do(http.MethodPost, "/api/drain", "{}", "Content-Type: application/json"); code != http.StatusUnauthorized || len(asked) != 0 {
		t.Errorf("without the token: %d, %v", code, asked)
	}
	for _, bad := range []string{"", "{", `{"seconds":-1}`, `{"seconds":1e300}`, `{"second":1}`, "{}{}"} {
		if code, body := r.post("/api/drain", bad); code != http.StatusBadRequest || len(asked) != 0 {
			t.Errorf("%s: %d %s, %v", bad, code, body, asked)
		}
	}
	const state = `{"done":false,"clients":3,"from":7,"seconds_left":2.5}`
	if strings.Contains(r.get("/api/overview"), `"drain"`) {
		t.Error("a drain before there is one")
	}
	if code, body := r.post("/api/drain", "{}"); code != http.StatusAccepted || body != state+"\n" {
		t.Errorf("%d %s", code, body)
	}
	if code, body := r.post("/api/drain", `{"seconds":60,"refuse":true,"stop":true}`); code != http.StatusAccepted {
		t.Errorf("%d %s", code, body)
	}
	if code, body := r.post("/api/drain", `{"refuse":true}`); code != http.StatusConflict || body != "{\"error\":\"an upgrade is under way\"}\n" {
		t.Errorf("%d %s", code, body)
	}
	if diff := cmp.Diff([]DrainRequest{{}, {Seconds: new(60.0), Refuse: true, Stop: true}}, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if got := r.get("/api/overview"); !strings.Contains(got, `"drain":`+state) {
		t.Errorf("overview: %s", got)
	}
}

func TestAttempts(t *testing.T) {
	var a attempts
	now := time.Now()
	peer := source("192.0.2.7:1")
	for range badTokens {
		if a.wait(peer, now) > 0 {
			t.Fatal("too soon")
		}
		a.add(peer, now)
	}
	if wait := a.wait(peer, now); wait != time.Second {
		t.Errorf("wait %v", wait)
	}
	if wait := a.wait(peer, now.Add(time.Second)); wait != 0 {
		t.Errorf("wait %v after a second", wait)
	}
	a.add(peer, now.Add(time.Second))
	if a.wait(peer, now.Add(time.Second)) == 0 {
		t.Error("it is more than one a second")
	}
	if a.wait(peer, now.Add(time.Hour)) != 0 || len(a.of) != 0 {
		t.Errorf("%d peers are remembered after an hour", len(a.of))
	}
	for i := range 3 * badTokenPeers {
		a.add(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32), now)
	}
	if len(a.of) > badTokenPeers {
		t.Errorf("%d peers are remembered", len(a.of))
	}
}

func TestSource(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1":               "192.0.2.7/32",
		"[::ffff:192.0.2.7]:1":      "192.0.2.7/32",
		"[2001:db8:1:2:3:4:5:6]:80": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":         "fe80::/64",
		"@":                         "invalid Prefix",
	} {
		if got := source(remote).String(); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

// TestHosts: a page of another site that has given its name the address 127.0.0.1
// gets nothing.
func TestHosts(t *testing.T) {
	r := newRig(t, 1, testToken)
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8081": 200, "LOCALHOST": 200, "127.0.0.1:8081": 200, "[::1]:8081": 200, "admin.localhost": 200,
		"evil.example": 421, "evil.example:8081": 421, "localhost.evil.example": 421, "192.0.2.1": 421, "": 421,
	} {
		for _, path := range []string{"/metrics", "/healthz"} {
			if code, _ := r.do(http.MethodGet, path, "", "Host: "+host); code != want {
				t.Errorf("%s of %q: %d, want %d", path, host, code, want)
			}
		}
	}
}
