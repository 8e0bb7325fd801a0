package connecthook

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// TestCircuit: an endpoint that fails again and again is not asked any more, and when
// it answers again it is asked as before.
func TestCircuit(t *testing.T) {
	var asked atomic.Int64
	var down atomic.Bool
	down.Store(true)
	r := newRig(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}, Options{circuitOpen: time.Hour}, nil)
	for range 2 * circuitFailures {
		if resp, _ := r.answer(r.request("/")); resp.StatusCode != 503 {
			t.Fatalf("answer %v", resp)
		}
	}
	if asked.Load() != circuitFailures || !r.hook.CircuitOpen() {
		t.Errorf("asked %d times, want %d; circuit open: %t", asked.Load(), circuitFailures, r.hook.CircuitOpen())
	}
	if s := r.stats(); s.Failed != 2*circuitFailures {
		t.Errorf("%+v", s)
	}
	// Another endpoint begins with a closed circuit; the same one does not.
	same := r.hook.now.Load().opts
	if again, err := New(same); err != nil {
		t.Fatal(err)
	} else if r.hook.Adopt(again); !r.hook.CircuitOpen() {
		t.Error("the circuit is closed by a reload that changes nothing")
	}
	short := same
	short.Token, short.circuitOpen = "another", time.Millisecond
	other, err := New(short)
	if err != nil {
		t.Fatal(err)
	}
	if r.hook.Adopt(other); r.hook.CircuitOpen() {
		t.Error("the circuit of another endpoint is open")
	}
	for range circuitFailures {
		r.answer(r.request("/"))
	}
	down.Store(false)
	testwait.Until(t, "the endpoint is asked again", func() bool {
		resp, _ := r.answer(r.request("/"))
		return resp.StatusCode == 101
	})
	if r.hook.CircuitOpen() {
		t.Error("the circuit is open")
	}
	var opened, closed int
	for _, e := range r.logs.AllEntries() {
		switch {
		case strings.Contains(e.Message, "is asked again in some seconds"):
			opened++
		case strings.Contains(e.Message, "answers again"):
			closed++
		}
	}
	if opened < 2 || closed != 1 {
		t.Errorf("the log says %d times that the circuit is open, and %d times that it is closed", opened, closed)
	}
}

// TestDead: an endpoint that is not there, or does not answer, fails in time; clients
// are then let in if that is wanted.
func TestDead(t *testing.T) {
	port, release := clustertest.ReservePort()
	defer release()
	gone := fmt.Sprintf("127.0.0.1:%d", port)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts by the kernel alone
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for _, url := range []string{"http://" + gone, "http://" + silent.Addr().String(), "https://" + silent.Addr().String()} {
		for status, open := range map[int]bool{503: false, 101: true} {
			r := newRigAt(t, url, Options{}, func(o *gateway.Options) {
				o.ConnectHookTimeout, o.ConnectHookFailOpen = 20*time.Millisecond, open
			})
			if resp, _ := r.answer(r.request("/")); resp.StatusCode != status {
				t.Errorf("%s: answer %v, want %d", url, resp, status)
			}
			if s := r.stats(); s.Failed != 1 {
				t.Errorf("%s: %+v", url, s)
			}
		}
	}
}

// TestTLS: an endpoint whose certificate nobody has signed is not asked.
func TestTLS(t *testing.T) {
	var asked atomic.Bool
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	r := newRigAt(t, server.URL, Options{Token: "secret"}, nil)
	if resp, _ := r.answer(r.request("/")); resp.StatusCode != 503 || asked.Load() {
		t.Errorf("answer %v", resp)
	}
}

func TestOptions(t *testing.T) {
	for _, good := range []Options{{}, {URL: "http://127.0.0.1:80/a?b=c"}, {URL: "https://user:pass@example.com", Token: "a~", Headers: []string{"Set-Cookie"}}} {
		if h, err := New(good); err != nil || h.Enabled() != (good.URL != "") {
			t.Errorf("%+v: %v", good, err)
		}
	}
	for _, bad := range []Options{
		{URL: "example.com"}, {URL: "ftp://example.com/"}, {URL: "http:///path"}, {URL: "http://a b/"}, {URL: "http://a/#b"}, {URL: "http://:80/"}, {URL: "/path"},
		{URL: "http://a/", Token: "a b"}, {URL: "http://a/", Token: "a\n"}, {URL: "http://a/", Token: "ä"},
		{URL: "http://a/", Headers: []string{"Upgrade"}}, {URL: "http://a/", Headers: []string{""}}, {URL: "http://a/", Headers: []string{"a: b"}},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v is taken", bad)
		} else {
			t.Log(err)
		}
	}
}
