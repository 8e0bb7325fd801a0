package compattests

import (
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

	"github.com/chromedp/chromedp/kb"
	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
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

// browser starts Chromium. It knows no host but chat.test, whose port 7272 is the
// gateway.
func (e *e2e) browser(gateway string) *browsertest.Browser {
	e.Helper()
	return browsertest.Start(e, browsertest.Options{
		Hosts:   fmt.Sprintf("MAP chat.test:%d %s,MAP chat.test 127.0.0.1,MAP * ~NOTFOUND", chatPort, gateway),
		Prompts: true,
	})
}

// A tab is a page of the browser.
type tab struct {
	*browsertest.Tab
	e *e2e
}

// open opens the chat; the page asks for a name and gets the given one.
func (e *e2e) open(b *browsertest.Browser, web int, name string) *tab {
	e.Helper()
	p := &tab{b.Open(e, "http://chat.test:"+strconv.Itoa(web)+"/?room_id=1"), e}
	p.Answer(name)
	return p
}

// awaitItems waits until the dialog shows n items.
func (p *tab) awaitItems(n int) {
	p.e.Helper()
	p.Await(fmt.Sprintf(`document.querySelectorAll("#dialog .speech_item").length >= %d`, n))
}

// say types a message and the enter key.
func (p *tab) say(text string) {
	p.e.Helper()
	p.Type("#textarea", text+kb.Enter)
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
	seen := browsertest.Evaluate[state](p.Tab, `({
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
	b := e.browser(gateway)
	alice := e.open(b, web, "Alice")
	alice.awaitItems(1)
	bob := e.open(b, web, `Bob "B" <i>`)
	bob.awaitItems(1)
	alice.awaitItems(2)
	alice.say("hello from tab one")
	alice.awaitItems(3)
	bob.awaitItems(2)
	bob.say("你好 <b>tab one</b>")
	bob.awaitItems(3)
	alice.awaitItems(4)
	bob.Run(`$("#client_list").val($("#client_list option").filter((i, e) => e.innerText === "Alice").val()).change()`)
	bob.say("for you alone")
	bob.awaitItems(4)
	alice.awaitItems(5)
	rec.name(browsertest.Evaluate[string](alice.Tab, "client_id"), "alice")
	rec.name(browsertest.Evaluate[string](bob.Tab, "client_id"), "bob")
	alice.shows(rec, "alice")
	bob.shows(rec, "bob")

	bob.Close()
	alice.awaitItems(6)
	alice.shows(rec, "alice")
	if last := rec.lines[len(rec.lines)-1]; !strings.Contains(last, "退出了") {
		e.Errorf("alice does not see that bob left: %s", last)
	}
	return rec
}
