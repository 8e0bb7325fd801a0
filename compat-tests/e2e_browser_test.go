package compattests

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// chatPort is the port of the gateway that workerman-chat's page connects to.
const chatPort = 7272

// TestChatPage has two tabs of a browser talk by way of workerman-chat's web
// page and Events.php, both unmodified, with Register and Gateway in PHP and in
// Go. What the page shows must be the same.
func TestChatPage(t *testing.T) {
	t.Parallel()
	startE2E(t, chatVariable, "chromium")
	shown := map[string]*record{}
	for _, by := range []implementation{php{}, ours} {
		t.Run(by.name(), func(t *testing.T) {
			e := enterE2E(t)
			web := e.chatWeb()
			gateway := e.chatCluster(by, 1)[0]
			shown[by.name()] = e.chatInTabs(web, gateway)
		})
	}
	if t.Failed() {
		return
	}
	if diff := cmp.Diff(shown["PHP"].lines, shown["Go"].lines); diff != "" {
		t.Errorf("the page differs (-PHP +Go):\n%s", diff)
	}
}

// chatWeb serves the page and its libraries as start_web.php does.
func (e *e2e) chatWeb() (port int) {
	e.Helper()
	root := filepath.Join(os.Getenv(chatVariable), "Applications", "Chat", "Web")
	index, err := exec.CommandContext(e.Context(), "php", filepath.Join(root, "index.php")).Output()
	if err != nil {
		e.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(root)))
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html;charset=utf-8")
		_, _ = w.Write(index)
	})
	server := httptest.NewServer(mux)
	e.Cleanup(server.Close)
	return portOf(server.Listener.Addr().String())
}

// browser starts Chromium with one tab. It knows no host but chat.test, whose
// port 7272 is the gateway.
func (e *e2e) browser(gateway string) context.Context {
	e.Helper()
	rules := fmt.Sprintf("MAP chat.test:%d %s,MAP chat.test 127.0.0.1,MAP * ~NOTFOUND", chatPort, gateway)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(e.TempDir()),
		chromedp.Flag("host-resolver-rules", rules),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(e2ePatience),
	)...)
	e.Cleanup(cancel)
	return e.newTab(allocator)
}

// newTab returns a context with a tab of its own.
func (e *e2e) newTab(parent context.Context) context.Context {
	e.Helper()
	ctx, _ := chromedp.NewContext(parent)
	e.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	if err := chromedp.Do(ctx); err != nil {
		e.Fatal(err)
	}
	return ctx
}

// A tab is a page of the browser.
type tab struct {
	e   *e2e
	ctx context.Context
}

// open opens the chat; the page asks for a name and gets the given one.
func (e *e2e) open(ctx context.Context, web int, name string) *tab {
	e.Helper()
	p := &tab{e, ctx}
	asked := make(chan struct{}, 16)
	err := chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *page.EventJavascriptDialogOpening:
			asked <- struct{}{}
		case *runtime.EventExceptionThrown:
			e.Errorf("%s: the page throws: %v", name, event.ExceptionDetails.Text)
		}
	})
	if err != nil {
		e.Fatal(err)
	}
	p.do(call(page.Navigate, page.NavigateParams{URL: "http://chat.test:" + strconv.Itoa(web) + "/?room_id=1"}))
	select {
	case <-asked:
	case <-time.After(e2ePatience):
		e.Fatalf("%s: the page does not ask for a name", name)
	}
	p.do(call(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true, PromptText: name}))
	return p
}

// call makes an action of a protocol command whose answer does not matter.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.e.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, e2ePatience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.e.Fatal(err)
	}
}

// evaluate returns the value of a JavaScript expression.
func evaluate[T any](p *tab, expression string) T {
	p.e.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, e2ePatience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.e.Fatal(err)
	}
	return value
}

// await waits until a JavaScript expression holds.
func (p *tab) await(expression string) {
	p.e.Helper()
	p.do(chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(e2ePatience)))
}

// awaitItems waits until the dialog shows n items.
func (p *tab) awaitItems(n int) {
	p.e.Helper()
	p.await(fmt.Sprintf(`document.querySelectorAll("#dialog .speech_item").length >= %d`, n))
}

// say types a message and the enter key.
func (p *tab) say(text string) {
	p.e.Helper()
	p.do(call(page.BringToFront, cdp.Empty{}), chromedp.SendKeys(chromedp.CSS("#textarea"), text+kb.Enter))
}

// shows records what the page shows.
func (p *tab) shows(rec *record, name string) {
	p.e.Helper()
	type state struct {
		Dialog []string `json:"dialog"`
		People []string `json:"people"`
		Others []string `json:"others"`
		Native bool     `json:"native"` // the browser's own WebSocket
	}
	seen := evaluate[state](p, `({
		dialog: [...document.querySelectorAll("#dialog .speech_item")].map(e => e.innerText + " " + e.querySelector("img").src),
		people: [...document.querySelectorAll("#userlist li")].map(e => e.id + " " + e.innerText),
		others: [...document.querySelectorAll("#client_list option")].map(e => e.value + " " + e.innerText),
		native: /native code/.test(WebSocket),
	})`)
	data, err := json.MarshalIndent(seen, "", " ")
	if err != nil {
		p.e.Fatal(err)
	}
	rec.add("%s sees %s", name, data)
}

// chatInTabs plays the conversation in two tabs.
func (e *e2e) chatInTabs(web int, gateway string) *record {
	rec := &record{}
	alice := e.open(e.browser(gateway), web, "Alice")
	alice.awaitItems(1)
	bob := e.open(e.newTab(alice.ctx), web, `Bob "B" <i>`)
	bob.awaitItems(1)
	alice.awaitItems(2)
	alice.say("hello from tab one")
	alice.awaitItems(3)
	bob.awaitItems(2)
	bob.say("你好 <b>tab one</b>")
	bob.awaitItems(3)
	alice.awaitItems(4)
	evaluate[chromedp.Void](bob, `$("#client_list").val($("#client_list option").filter((i, e) => e.innerText === "Alice").val()).change()`)
	bob.say("for you alone")
	bob.awaitItems(4)
	alice.awaitItems(5)
	rec.name(evaluate[string](alice, "client_id"), "alice")
	rec.name(evaluate[string](bob, "client_id"), "bob")
	alice.shows(rec, "alice")
	bob.shows(rec, "bob")

	if err := chromedp.Cancel(bob.ctx); err != nil { // closes the tab
		e.Fatal(err)
	}
	alice.awaitItems(6)
	alice.shows(rec, "alice")
	if last := rec.lines[len(rec.lines)-1]; !strings.Contains(last, "退出了") {
		e.Errorf("alice does not see that bob left: %s", last)
	}
	return rec
}
