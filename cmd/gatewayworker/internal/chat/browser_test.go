package chat_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/chat"
	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// screenshotsVariable names a directory for pictures of the page.
const screenshotsVariable = "GATEWAYWORKER_CHAT_SCREENSHOTS"

// TestBrowser has two people talk, each in a tab of headless Chromium.
func TestBrowser(t *testing.T) {
	b := browsertest.Start(t, browsertest.Options{})
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])

	ann := openTab(t, b, s.URL())
	ann.enter("Ann", "Lobby")
	ann.awaitLog("You are in Lobby as Ann")
	bob := openTab(t, b, s.URL())
	if rooms := browsertest.Evaluate[[]string](bob.Tab, `[...document.querySelectorAll("#rooms option")].map(o => o.value)`); !cmp.Equal(rooms, []string{"Lobby"}) {
		t.Errorf("rooms to choose from: %q", rooms)
	}
	const bobName = `<img src=x> & B`
	bob.enter(bobName, "Lobby")
	bob.awaitLog("You are in Lobby as " + bobName)
	ann.awaitLog(bobName + " came in")

	ann.say("Hello! Is anybody here?")
	bob.awaitLog("Hello! Is anybody here?")
	bob.say(`<b>Hi</b> <script>alert(1)</script> 你好`)
	ann.awaitLog(`<b>Hi</b> <script>alert(1)</script> 你好`)

	// To Ann alone. Tab brings the keyboard there as well as a click.
	bob.Click(`#people button[aria-pressed="false"]`)
	bob.Await(`!document.querySelector("#private").hidden && document.activeElement.id === "text"`)
	bob.say("This is for you alone.")
	ann.awaitLog("only to you")
	bob.awaitLog("only to Ann")
	bob.Click("#to-all")
	bob.say("And this for everybody.")
	ann.awaitLog("And this for everybody.")
	bob.awaitLog("And this for everybody.")
	ann.screenshots("chat")

	wantAnn := view{
		Title: "Lobby – GatewayWorker chat", Status: "connected",
		People: []string{"Ann (you)", bobName},
		Log: []string{
			"news|You are in Lobby as Ann",
			"news|" + bobName + " came in",
			"mine|You|Hello! Is anybody here?",
			"|" + bobName + `|<b>Hi</b> <script>alert(1)</script> 你好`,
			"private|" + bobName + "|only to you|This is for you alone.",
			"|" + bobName + "|And this for everybody.",
		},
	}
	if diff := cmp.Diff(wantAnn, ann.view()); diff != "" {
		t.Errorf("Ann sees (-want +got):\n%s", diff)
	}
	wantBob := view{
		Title: "Lobby – GatewayWorker chat", Status: "connected",
		People: []string{"Ann", bobName + " (you)"},
		Log: []string{
			"news|You are in Lobby as " + bobName,
			"|Ann|Hello! Is anybody here?",
			`mine|You|<b>Hi</b> <script>alert(1)</script> 你好`,
			"mine private|You|only to Ann|This is for you alone.",
			"mine|You|And this for everybody.",
		},
	}
	if diff := cmp.Diff(wantBob, bob.view()); diff != "" {
		t.Errorf("Bob sees (-want +got):\n%s", diff)
	}

	// Bob goes to another room and comes back; then his tab is closed.
	bob.Click("#leave")
	ann.awaitLog(bobName + " left")
	bob.enter(bobName, "Elsewhere")
	bob.awaitLog("You are in Elsewhere as " + bobName)
	bob.Click("#leave")
	bob.enter(bobName, "Lobby")
	bob.awaitLog("You are in Lobby as " + bobName)
	ann.Await(`document.querySelectorAll("#people li").length === 2`)
	bob.Close()
	ann.Await(`document.querySelectorAll("#people li").length === 1`)
	if log := ann.view().Log; !strings.HasSuffix(log[len(log)-1], bobName+" left") {
		t.Errorf("the last line is %q", log[len(log)-1])
	}

	// A gateway that is started again finds Ann back in her room.
	c.Gateways[0].Kill()
	ann.Await(`!document.querySelector("#status").classList.contains("online") && document.querySelector("#send").disabled`)
	c.Gateways[0].Start(t)
	ann.Await(`document.querySelector("#status").classList.contains("online") && document.querySelectorAll("#people li").length === 1`)
	ann.say("Back again.")
	ann.awaitLog("Back again.")
}

// A refused login is told where it was made.
func TestBrowserRefusal(t *testing.T) {
	b := browsertest.Start(t, browsertest.Options{})
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])
	ann := openTab(t, b, s.URL())
	ann.screenshots("entrance")
	ann.enter("   ", "Lobby")
	ann.Await(`document.querySelector("#complaint").innerText.includes("A name has")`)
	ann.Await(`!document.querySelector("#entrance").hidden && document.querySelector("#chat").hidden`)
	ann.enter("Ann", "Lobby")
	ann.awaitLog("You are in Lobby as Ann")
	if text := browsertest.Evaluate[string](ann.Tab, `document.querySelector("#complaint").innerText`); text != "" {
		t.Errorf("the complaint stays: %q", text)
	}
}

// A browser that prefers Chinese gets the page in Chinese, worker's answers too.
func TestBrowserChinese(t *testing.T) {
	b := browsertest.Start(t, browsertest.Options{Languages: "zh-CN,zh,en"})
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])
	ann := openTab(t, b, s.URL())
	ann.screenshots("entrance-zh")
	if room := browsertest.Evaluate[string](ann.Tab, `document.querySelector("#room").value`); room != "大厅" {
		t.Errorf("the room to enter is %q", room)
	}
	ann.enter("   ", "大厅")
	ann.Await(`document.querySelector("#complaint").innerText.includes("昵称 1 到 24 个字")`)
	ann.enter("小安", "大厅")
	ann.awaitLog("你以“小安”的身份进入了 大厅")
	bob := openTab(t, b, s.URL())
	bob.enter("阿波", "大厅")
	bob.awaitLog("你以“阿波”的身份进入了 大厅")
	ann.awaitLog("阿波 进来了")
	bob.Click(`#people button[aria-pressed="false"]`)
	bob.Await(`!document.querySelector("#private").hidden`)
	bob.say("你好")
	ann.awaitLog("私聊")
	bob.awaitLog("私聊 小安")
	ann.screenshots("chat-zh")
	want := view{
		Title: "大厅 – GatewayWorker 聊天室", Status: "已连接", People: []string{"小安 （我）", "阿波"},
		Log: []string{"news|你以“小安”的身份进入了 大厅", "news|阿波 进来了", "private|阿波|私聊|你好"},
	}
	if diff := cmp.Diff(want, ann.view()); diff != "" {
		t.Errorf("Ann sees (-want +got):\n%s", diff)
	}
	// What is left in English has no translation: names apart, all words are Chinese.
	const english = `[...document.querySelectorAll("[data-say]")].map(e => e.textContent + (e.placeholder ?? "") + (e.getAttribute("aria-label") ?? "")).filter(t => /[a-z]{3}/i.test(t))`
	if left := browsertest.Evaluate[[]string](ann.Tab, english); len(left) > 0 {
		t.Errorf("in English: %q", left)
	}
	if lang := browsertest.Evaluate[string](ann.Tab, "document.documentElement.lang"); lang != "zh-CN" {
		t.Errorf("the page's language is %q", lang)
	}
}

// A tab has the chat open.
type tab struct{ *browsertest.Tab }

func openTab(t *testing.T, b *browsertest.Browser, url string) *tab {
	t.Helper()
	p := &tab{b.Open(t, url)}
	p.Await(`!!document.querySelector("#enter") && !document.querySelector("#enter").disabled`)
	return p
}

func (p *tab) awaitLog(text string) {
	p.Await(fmt.Sprintf(`document.querySelector("#log").lastElementChild?.innerText.includes(%q)`, text))
}

func (p *tab) enter(name, room string) {
	p.Run(`document.querySelector("#name").value = document.querySelector("#room").value = ""`)
	p.Type("#name", name)
	p.Type("#room", room+kb.Enter)
}

func (p *tab) say(text string) { p.Type("#text", text+kb.Enter) }

// screenshots takes pictures of the page, if there is a directory for them.
func (p *tab) screenshots(name string) {
	dir := os.Getenv(screenshotsVariable)
	if dir == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{400, 1000} {
			p.View(scheme, width, 640)
			p.Picture(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, scheme, width)))
		}
	}
}

type view struct {
	Title  string   `json:"title"`
	Status string   `json:"status"`
	People []string `json:"people"`
	Log    []string `json:"log"` // classes, author, note, text
}

func (p *tab) view() view {
	return browsertest.Evaluate[view](p.Tab, `({
		title: document.title,
		status: document.querySelector("#status").innerText,
		people: [...document.querySelectorAll("#people button")].map(b => [b.querySelector(".name"), b.querySelector(".you")].filter(e => e).map(e => e.innerText).join(" ")),
		log: [...document.querySelectorAll("#log li")].map(li => [li.className.trim(),
			...(li.classList.contains("news") ? [li.innerText] : [...li.querySelectorAll(".who, .note, .body")].map(e => e.innerText))].join("|")),
	})`)
}
