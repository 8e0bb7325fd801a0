package admin

import (
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
)

// serveAdmin serves the admin of a crowd as the program does; the settings may add
// options.
func (c *crowd) serveAdmin(token string, settings ...func(*Options)) *Server {
	c.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	opts := Options{Listener: ln, Observed: c.observed, Token: token, ShowToken: true, Version: "v1.2.3", Logger: c.log}
	for _, set := range settings {
		set(&opts)
	}
	s := New(opts)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	c.t.Cleanup(func() {
		_ = s.Close()
		if err := <-served; err != nil {
			c.t.Errorf("Serve: %v", err)
		}
	})
	return s
}

// TestBrowser is an operator with headless Chromium: one of it, as it takes a
// while to start.
func TestBrowser(t *testing.T) {
	b := browsertest.Start(t, browsertest.Options{})
	t.Run("operator", func(t *testing.T) { testOperator(t, b) })
	t.Run("link", func(t *testing.T) { testLink(t, b) })
	t.Run("process", func(t *testing.T) { testProcess(t, b) })
	t.Run("without token", func(t *testing.T) { testPageWithoutToken(t, b) })
}

func testOperator(t *testing.T, b *browsertest.Browser) {
	c := newCrowd(t)
	const evil = `<img src=x onerror=alert(1)>`
	c.workers[1].command(t, gp.Message{Cmd: gp.CmdBindUID, ConnectionID: c.ids["c"].ConnectionID, ExtData: []byte(evil)})
	c.until("the uid is bound", func() bool { return c.gateways[1].Stats().Commands[gp.CmdBindUID] == 2 })
	s := c.serveAdmin(testToken)
	url, _, _ := strings.Cut(s.URL(), "#")

	// Without the token: numbers, and no names.
	p := openTab(t, b, url)
	p.Await(`document.querySelector("#card-clients .value")?.innerText === "3"`)
	p.Await(`document.querySelector("#state").className === "ready"`)
	p.Await(`document.querySelectorAll("#workers tbody tr").length === 2`)
	p.Await(`!document.querySelector("#locked").hidden && document.querySelector("#inside").hidden`)

	// A token that is not right, and the one that is.
	p.Fill("#token", "this is not the token")
	p.Press("#unlock button")
	p.Await(`document.querySelector("#lock-error").innerText === "This is not the token."`)
	p.Fill("#token", testToken)
	p.Press("#unlock button")
	p.Await(`document.querySelectorAll("#clients tbody tr").length === 3`)
	want := []string{
		c.ids["a"].String() + "|u|g, Room 7",
		c.ids["b"].String() + "|–|g",
		c.ids["c"].String() + "|" + evil + "|g",
	}
	if diff := cmp.Diff(want, p.clients()); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	p.Await(`document.querySelector("#groups").innerText.replace(/\s+/g, " ") === "g 3 Room 7 1"`)

	// Find a uid, look at the session, send, kick.
	p.Fill("#query", "room")
	p.Press("#find button")
	p.Await(`document.querySelectorAll("#clients tbody tr").length === 1`)
	p.Press("#clients tbody tr")
	p.Await(`document.querySelector("#client").open`)
	if session := browsertest.Evaluate[string](p.Tab, `document.querySelector("#client-session").innerText`); session != "{\n  \"name\": \"你好\",\n  \"n\": 5\n}" {
		t.Errorf("session %q", session)
	}
	p.Fill("#client-message", "hello from the operator")
	p.Press("#client-send button:not(.danger)")
	p.Await(`document.querySelector("#client-note").innerText === "Sent to 1."`)
	if got := c.conns["a"].line(t); got != "hello from the operator" {
		t.Errorf("the client got %q", got)
	}
	p.Press("#client-kick")
	p.Await(`document.querySelector("#client-kick").innerText === "Kick for good?"`)
	p.Press("#client-kick")
	p.Await(`document.querySelector("#client-note").innerText === "Kicked."`)
	c.conns["a"].gone(t)
	p.Press("#client-close")
	p.Await(`document.querySelector("#clients").innerText === "No client matches."`)

	// All of a group, by its bar.
	p.Fill("#query", "")
	p.Press("#find button")
	p.Await(`document.querySelectorAll("#clients tbody tr").length === 2`)
	p.Press("#groups button")
	p.Await(`document.querySelector("#filter").innerText === "Group g ✕"`)
	p.Press("#filter")
	p.Await(`document.querySelector("#filter").hidden`)

	// One gateway; Chinese; dark; the log.
	c.log.WithField("client_id", "x").Warn("a warning that is shown")
	p.Run(`(() => { const g = document.querySelector("#gateway"); g.value = "two"; g.dispatchEvent(new Event("change")) })()`)
	p.Await(`document.querySelectorAll("#clients tbody tr").length === 1 && document.querySelectorAll("#workers tbody tr").length === 1`)
	p.Await(`document.querySelector("#log").innerText.includes("a warning that is shown client_id=x")`)
	p.Press("#language")
	p.Await(`document.documentElement.lang === "zh-CN" && document.querySelector("#slow-title").innerText.startsWith("积压的客户端")`)
	p.Press("#theme")
	p.Press("#theme")
	p.Await(`document.documentElement.dataset.theme === "dark"`)
	if color := browsertest.Evaluate[string](p.Tab, `getComputedStyle(document.body).backgroundColor`); color != "rgb(16, 22, 26)" {
		t.Errorf("the dark page has %s", color)
	}

	// Locked again.
	p.Press("#key")
	p.Await(`document.querySelector("#inside").hidden && !document.querySelector("#locked").hidden`)

	// A process that ends is told.
	_ = s.Close()
	p.Await(`document.querySelector("#state").className === "lost"`)
	p.Await(`document.querySelector("#banners").innerText.includes("进程没有应答")`)
}

// testLink opens the page by the address that the log has.
func testLink(t *testing.T, b *browsertest.Browser) {
	c := newCrowd(t)
	s := c.serveAdmin(testToken)
	p := openTab(t, b, s.URL())
	p.Await(`document.querySelectorAll("#clients tbody tr").length === 3`)
	if hash := browsertest.Evaluate[string](p.Tab, "location.href"); strings.Contains(hash, testToken) {
		t.Error("the token stays in the address")
	}
	_ = c.gateways[1].Close()
	p.Await(`document.querySelector("#state").className === "notReady"`)
	p.Await(`document.querySelector("#banners").innerText === "two is not ready for new clients: the gateway does not serve"`)
}

// testProcess: the configuration is read again, and the clients are sent away, each
// after a second thought; everybody sees how far that is.
func testProcess(t *testing.T, b *browsertest.Browser) {
	c := newCrowd(t)
	var mu sync.Mutex // guards what follows
	var asked []DrainRequest
	var reloads int
	state := DrainState{Clients: 2, From: 8, SecondsLeft: 61.5}
	failure := error(nil)
	s := c.serveAdmin(testToken, func(o *Options) {
		o.Drain = func(d DrainRequest) error {
			mu.Lock()
			defer mu.Unlock()
			if failure == nil {
				asked = append(asked, d)
			}
			return failure
		}
		o.Drained = func() (DrainState, bool) {
			mu.Lock()
			defer mu.Unlock()
			return state, len(asked) > 0
		}
		o.Reload = func() (any, error) {
			mu.Lock()
			defer mu.Unlock()
			reloads++
			if failure != nil {
				return nil, failure
			}
			return map[string][]string{"changed": {"log-level", "<b>"}, "needs_restart": {"gateways[two].start-port"}, "certificates": nil}, nil
		}
	})
	set := func(f func()) {
		mu.Lock()
		defer mu.Unlock()
		f()
	}
	p := openTab(t, b, s.URL())
	p.Await(`!document.querySelector("#inside").hidden && !document.querySelector("#reload").hidden && document.querySelector("#drain").hidden`)

	// Reload: nothing happens at the first click.
	p.Press("#reload")
	p.Await(`document.querySelector("#reload").innerText === "Reload it now?"`)
	set(func() {
		if reloads != 0 {
			t.Error("reloaded at once")
		}
	})
	p.Press("#reload")
	p.Await(`document.querySelector("#process-note").innerText.trim() === "Changed: log-level, <b>\nNeeds a restart: gateways[two].start-port"`)
	set(func() { failure = errors.New("gatewayworker.yaml:3: no such thing") })
	p.Press("#reload")
	p.Press("#reload")
	p.Await(`document.querySelector("#process-note").innerText.trim() === "nothing is changed: gatewayworker.yaml:3: no such thing"`)

	// Drain, on a phone in the dark.
	p.View("dark", 390, 844)
	const fits = `document.documentElement.scrollWidth <= innerWidth`
	p.Await(fits)
	p.Press("#drain-open")
	p.Await(`document.querySelector("#drain-ask").open && document.querySelector("#drain-title").innerText === "Send 3 clients away?"`)
	p.Await(fits + ` && document.querySelector("#drain-ask").getBoundingClientRect().right <= innerWidth`)
	p.Press("#drain-cancel")
	p.Await(`!document.querySelector("#drain-ask").open`)
	p.Press("#drain-open")
	p.Press("#drain-form .danger")
	p.Await(`document.querySelector("#drain-error").innerText === "gatewayworker.yaml:3: no such thing"`)
	set(func() { failure = nil })
	p.Fill("#drain-seconds", "90")
	p.Press("#drain-stop")
	p.Press("#drain-form .danger")
	p.Await(`!document.querySelector("#drain-ask").open && document.querySelector("#drain-open").disabled`)
	p.Await(`document.querySelector("#drain-state").innerText === "Clients are being sent away: 2 of 8 left, at most 1 min."`)
	p.Await(`document.querySelector("#drain i").style.width === "75%"`)
	p.Await(fits)
	set(func() {
		if diff := cmp.Diff([]DrainRequest{{Seconds: new(90.0), Stop: true}}, asked); diff != "" {
			t.Errorf("asked for (-want +got):\n%s", diff)
		}
		state = DrainState{Done: true, From: 8}
	})

	// Who has no token sees it too, and in Chinese.
	p.Press("#key")
	p.Press("#language")
	p.Await(`document.querySelector("#inside").hidden && document.querySelector("#drain-state").innerText === "客户端已断开，现有 0 个连接。重新启动之前进程保持未就绪。"`)
}

// testPageWithoutToken: the page says why there is nothing more to see.
func testPageWithoutToken(t *testing.T, b *browsertest.Browser) {
	c := newCrowd(t)
	s := c.serveAdmin("")
	p := openTab(t, b, strings.TrimSuffix(s.URL(), "#token="))
	p.Await(`document.querySelector("#lock-hint").innerText.includes("--admin-token-file") && document.querySelector("#unlock").hidden`)
}

// A tab has the page open.
type tab struct{ *browsertest.Tab }

func openTab(t *testing.T, b *browsertest.Browser, url string) *tab {
	t.Helper()
	p := &tab{b.Open(t, url)}
	p.Await(`document.querySelectorAll("#cards .card").length > 0`)
	// A second click may come later than a person's: the time for it is an hour.
	p.Run(`(() => { const timeout = setTimeout; window.setTimeout = (f, ms, ...rest) => timeout(f, ms === 4000 ? 3600000 : ms, ...rest) })()`)
	p.Run(`document.addEventListener("securitypolicyviolation", e => { document.title = "CSP"; throw new Error("CSP: " + e.violatedDirective) })`)
	return p
}

// clients are the rows of the table of clients: id, uid, groups.
func (p *tab) clients() []string {
	return browsertest.Evaluate[[]string](p.Tab, `[...document.querySelectorAll("#clients tbody tr")].map(tr => [...tr.cells].slice(0, 3).map(td => td.innerText).join("|"))`)
}
