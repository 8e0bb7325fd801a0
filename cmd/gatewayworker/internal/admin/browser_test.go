package admin

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

var browserSkipped atomic.Int32

func needBrowser(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil {
		browserSkipped.Add(1)
		t.Skip("chromium is not installed")
	}
}

// serveAdmin serves the admin of a crowd as the program does.
func (c *crowd) serveAdmin(token string) *Server {
	c.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	s := New(Options{Listener: ln, Observed: c.observed, Token: token, ShowToken: true, Version: "v1.2.3", Logger: c.log})
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
	needBrowser(t)
	blank := openBrowser(t)
	t.Run("operator", func(t *testing.T) { testOperator(t, blank) })
	t.Run("link", func(t *testing.T) { testLink(t, blank) })
	t.Run("without token", func(t *testing.T) { testPageWithoutToken(t, blank) })
}

func testOperator(t *testing.T, blank context.Context) {
	c := newCrowd(t)
	const evil = `<img src=x onerror=alert(1)>`
	c.workers[1].command(t, gp.Message{Cmd: gp.CmdBindUID, ConnectionID: c.ids["c"].ConnectionID, ExtData: []byte(evil)})
	c.until("the uid is bound", func() bool { return c.gateways[1].Stats().Commands[gp.CmdBindUID] == 2 })
	s := c.serveAdmin(testToken)
	url, _, _ := strings.Cut(s.URL(), "#")

	// Without the token: numbers, and no names.
	p := openTab(t, blank, url)
	p.await(`document.querySelector("#card-clients .value")?.innerText === "3"`)
	p.await(`document.querySelector("#state").className === "ready"`)
	p.await(`document.querySelectorAll("#workers tbody tr").length === 2`)
	p.await(`!document.querySelector("#locked").hidden && document.querySelector("#inside").hidden`)

	// A token that is not right, and the one that is.
	p.fill("#token", "this is not the token")
	p.click("#unlock button")
	p.await(`document.querySelector("#lock-error").innerText === "This is not the token."`)
	p.fill("#token", testToken)
	p.click("#unlock button")
	p.await(`document.querySelectorAll("#clients tbody tr").length === 3`)
	want := []string{
		c.ids["a"].String() + "|u|g, Room 7",
		c.ids["b"].String() + "|–|g",
		c.ids["c"].String() + "|" + evil + "|g",
	}
	if diff := cmp.Diff(want, p.clients()); diff != "" {
		t.Errorf("clients (-want +got):\n%s", diff)
	}
	p.await(`document.querySelector("#groups").innerText.replace(/\s+/g, " ") === "g 3 Room 7 1"`)

	// Find a uid, look at the session, send, kick.
	p.fill("#query", "room")
	p.click("#find button")
	p.await(`document.querySelectorAll("#clients tbody tr").length === 1`)
	p.click("#clients tbody tr")
	p.await(`document.querySelector("#client").open`)
	if session := evaluate[string](p, `document.querySelector("#client-session").innerText`); session != "{\n  \"name\": \"你好\",\n  \"n\": 5\n}" {
		t.Errorf("session %q", session)
	}
	p.fill("#client-message", "hello from the operator")
	p.click("#client-send button:not(.danger)")
	p.await(`document.querySelector("#client-note").innerText === "Sent to 1."`)
	if got := c.conns["a"].line(t); got != "hello from the operator" {
		t.Errorf("the client got %q", got)
	}
	p.click("#client-kick")
	p.await(`document.querySelector("#client-kick").innerText === "Kick for good?"`)
	p.click("#client-kick")
	p.await(`document.querySelector("#client-note").innerText === "Kicked."`)
	c.conns["a"].gone(t)
	p.click("#client-close")
	p.await(`document.querySelector("#clients").innerText === "No client matches."`)

	// All of a group, by its bar.
	p.fill("#query", "")
	p.click("#find button")
	p.await(`document.querySelectorAll("#clients tbody tr").length === 2`)
	p.click("#groups button")
	p.await(`document.querySelector("#filter").innerText === "Group g ✕"`)
	p.click("#filter")
	p.await(`document.querySelector("#filter").hidden`)

	// One gateway; Chinese; dark; the log.
	c.log.WithField("client_id", "x").Warn("a warning that is shown")
	evaluate[chromedp.Void](p, `(() => { const g = document.querySelector("#gateway"); g.value = "two"; g.dispatchEvent(new Event("change")) })()`)
	p.await(`document.querySelectorAll("#clients tbody tr").length === 1 && document.querySelectorAll("#workers tbody tr").length === 1`)
	p.await(`document.querySelector("#log").innerText.includes("a warning that is shown client_id=x")`)
	p.click("#language")
	p.await(`document.documentElement.lang === "zh-CN" && document.querySelector("#slow-title").innerText.startsWith("积压的客户端")`)
	p.click("#theme")
	p.click("#theme")
	p.await(`document.documentElement.dataset.theme === "dark"`)
	if color := evaluate[string](p, `getComputedStyle(document.body).backgroundColor`); color != "rgb(16, 22, 26)" {
		t.Errorf("the dark page has %s", color)
	}

	// Locked again.
	p.click("#key")
	p.await(`document.querySelector("#inside").hidden && !document.querySelector("#locked").hidden`)

	// A process that ends is told.
	_ = s.Close()
	p.await(`document.querySelector("#state").className === "lost"`)
	p.await(`document.querySelector("#banners").innerText.includes("进程没有应答")`)
}

// testLink opens the page by the address that the log has.
func testLink(t *testing.T, blank context.Context) {
	c := newCrowd(t)
	s := c.serveAdmin(testToken)
	p := openTab(t, blank, s.URL())
	p.await(`document.querySelectorAll("#clients tbody tr").length === 3`)
	if hash := evaluate[string](p, "location.href"); strings.Contains(hash, testToken) {
		t.Error("the token stays in the address")
	}
	_ = c.gateways[1].Close()
	p.await(`document.querySelector("#state").className === "notReady"`)
	p.await(`document.querySelector("#banners").innerText === "two is not ready for new clients: the gateway does not serve"`)
}

// testPageWithoutToken: the page says why there is nothing more to see.
func testPageWithoutToken(t *testing.T, blank context.Context) {
	c := newCrowd(t)
	s := c.serveAdmin("")
	p := openTab(t, blank, strings.TrimSuffix(s.URL(), "#token="))
	p.await(`document.querySelector("#lock-hint").innerText.includes("--admin-token-file") && document.querySelector("#unlock").hidden`)
}

// browserPatience bounds every wait for the browser.
const browserPatience = 2 * time.Minute

// openBrowser starts Chromium, which knows no host but this one, and returns an
// empty tab of it.
func openBrowser(t *testing.T) context.Context {
	t.Helper()
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND,EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("lang", "en-US"),
		chromedp.WindowSize(1280, 1000),
		chromedp.WSURLReadTimeout(browserPatience),
	)...)
	t.Cleanup(cancel)
	blank, _ := chromedp.NewContext(allocator)
	t.Cleanup(func() { _ = chromedp.Cancel(blank) })
	if err := chromedp.Do(blank); err != nil {
		t.Fatal(err)
	}
	return blank
}

// A tab has the page open.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func openTab(t *testing.T, parent context.Context, url string) *tab {
	t.Helper()
	ctx, _ := chromedp.NewContext(parent)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	p := &tab{t, ctx}
	err := chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page throws: %v %+v", event.ExceptionDetails.Text, event.ExceptionDetails.Exception)
		case *page.EventJavascriptDialogOpening:
			t.Errorf("the page opens a dialog: %s", event.Message)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do(command(page.Navigate, page.NavigateParams{URL: url}))
	p.await(`document.querySelectorAll("#cards .card").length > 0`)
	evaluate[chromedp.Void](p, `document.addEventListener("securitypolicyviolation", e => { document.title = "CSP"; throw new Error("CSP: " + e.violatedDirective) })`)
	return p
}

// command makes an action of a protocol command whose answer does not matter.
func command[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, browserPatience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// evaluate returns the value of a JavaScript expression.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, browserPatience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// await waits until a JavaScript expression holds.
func (p *tab) await(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, browserPatience)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(browserPatience)))
	if err != nil {
		p.t.Fatalf("%s: %v; the page shows:\n%s", expression, err, evaluate[string](p, "document.body.innerText"))
	}
}

// click clicks an element as a script does: the page may draw it anew at any time,
// and a mouse would miss it then.
func (p *tab) click(selector string) {
	p.t.Helper()
	evaluate[chromedp.Void](p, fmt.Sprintf(`document.querySelector(%q).click()`, selector))
}

func (p *tab) fill(selector, text string) {
	p.t.Helper()
	evaluate[chromedp.Void](p, fmt.Sprintf(`document.querySelector(%q).value = %q`, selector, text))
}

// clients are the rows of the table of clients: id, uid, groups.
func (p *tab) clients() []string {
	p.t.Helper()
	return evaluate[[]string](p, `[...document.querySelectorAll("#clients tbody tr")].map(tr => [...tr.cells].slice(0, 3).map(td => td.innerText).join("|"))`)
}
