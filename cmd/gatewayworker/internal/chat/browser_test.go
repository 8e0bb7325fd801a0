package chat_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/chat"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// screenshotsVariable names a directory for pictures of the page.
const screenshotsVariable = "GATEWAYWORKER_CHAT_SCREENSHOTS"

var browserSkipped atomic.Int32

// TestBrowser has two people talk, each in a tab of headless Chromium.
func TestBrowser(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		browserSkipped.Add(1)
		t.Skip("chromium is not installed")
	}
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])

	ann := openTab(t, browser(t, "en-US,en"), s.URL())
	ann.enter("Ann", "Lobby")
	ann.awaitLog("You are in Lobby as Ann")
	bob := openTab(t, ann.ctx, s.URL())
	if rooms := evaluate[[]string](bob, `[...document.querySelectorAll("#rooms option")].map(o => o.value)`); !cmp.Equal(rooms, []string{"Lobby"}) {
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
	bob.click(`#people button[aria-pressed="false"]`)
	bob.await(`!document.querySelector("#private").hidden && document.activeElement.id === "text"`)
	bob.say("This is for you alone.")
	ann.awaitLog("only to you")
	bob.awaitLog("only to Ann")
	bob.click("#to-all")
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
	bob.click("#leave")
	ann.awaitLog(bobName + " left")
	bob.enter(bobName, "Elsewhere")
	bob.awaitLog("You are in Elsewhere as " + bobName)
	bob.click("#leave")
	bob.enter(bobName, "Lobby")
	bob.awaitLog("You are in Lobby as " + bobName)
	ann.await(`document.querySelectorAll("#people li").length === 2`)
	if err := chromedp.Cancel(bob.ctx); err != nil { // closes the tab
		t.Fatal(err)
	}
	ann.await(`document.querySelectorAll("#people li").length === 1`)
	if log := ann.view().Log; !strings.HasSuffix(log[len(log)-1], bobName+" left") {
		t.Errorf("the last line is %q", log[len(log)-1])
	}

	// A gateway that is started again finds Ann back in her room.
	c.Gateways[0].Kill()
	ann.await(`!document.querySelector("#status").classList.contains("online") && document.querySelector("#send").disabled`)
	c.Gateways[0].Start(t)
	ann.await(`document.querySelector("#status").classList.contains("online") && document.querySelectorAll("#people li").length === 1`)
	ann.say("Back again.")
	ann.awaitLog("Back again.")
}

// A refused login is told where it was made.
func TestBrowserRefusal(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		browserSkipped.Add(1)
		t.Skip("chromium is not installed")
	}
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])
	ann := openTab(t, browser(t, "en-US,en"), s.URL())
	ann.screenshots("entrance")
	ann.enter("   ", "Lobby")
	ann.await(`document.querySelector("#complaint").innerText.includes("A name has")`)
	ann.await(`!document.querySelector("#entrance").hidden && document.querySelector("#chat").hidden`)
	ann.enter("Ann", "Lobby")
	ann.awaitLog("You are in Lobby as Ann")
	if text := evaluate[string](ann, `document.querySelector("#complaint").innerText`); text != "" {
		t.Errorf("the complaint stays: %q", text)
	}
}

// A browser that prefers Chinese gets the page in Chinese, worker's answers too.
func TestBrowserChinese(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		browserSkipped.Add(1)
		t.Skip("chromium is not installed")
	}
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{})
	s := start(t, c, chat.Options{})
	waitForWorker(t, c.Gateways[0])
	ann := openTab(t, browser(t, "zh-CN,zh,en"), s.URL())
	ann.screenshots("entrance-zh")
	if room := evaluate[string](ann, `document.querySelector("#room").value`); room != "大厅" {
		t.Errorf("the room to enter is %q", room)
	}
	ann.enter("   ", "大厅")
	ann.await(`document.querySelector("#complaint").innerText.includes("昵称 1 到 24 个字")`)
	ann.enter("小安", "大厅")
	ann.awaitLog("你以“小安”的身份进入了 大厅")
	bob := openTab(t, ann.ctx, s.URL())
	bob.enter("阿波", "大厅")
	bob.awaitLog("你以“阿波”的身份进入了 大厅")
	ann.awaitLog("阿波 进来了")
	bob.click(`#people button[aria-pressed="false"]`)
	bob.await(`!document.querySelector("#private").hidden`)
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
	if left := evaluate[[]string](ann, english); len(left) > 0 {
		t.Errorf("in English: %q", left)
	}
	if lang := evaluate[string](ann, "document.documentElement.lang"); lang != "zh-CN" {
		t.Errorf("the page's language is %q", lang)
	}
}

// browser starts Chromium, which knows no host but this one and prefers the
// languages.
func browser(t *testing.T, languages string) context.Context {
	t.Helper()
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND,EXCLUDE 127.0.0.1"),
		chromedp.Flag("accept-lang", languages),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(patience),
	)...)
	t.Cleanup(cancel)
	return allocator
}

// A tab has the chat open.
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
			t.Errorf("the page throws: %v", event.ExceptionDetails.Text)
		case *page.EventJavascriptDialogOpening:
			t.Errorf("the page opens a dialog: %s", event.Message)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.do(command(page.Navigate, page.NavigateParams{URL: url}))
	p.await(`!!document.querySelector("#enter") && !document.querySelector("#enter").disabled`)
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
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// evaluate returns the value of a JavaScript expression.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
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
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(patience)))
	if err != nil {
		p.t.Fatalf("%s: %v; the page shows:\n%s", expression, err, evaluate[string](p, "document.body.innerText"))
	}
}

func (p *tab) awaitLog(text string) {
	p.t.Helper()
	p.await(fmt.Sprintf(`document.querySelector("#log").lastElementChild?.innerText.includes(%q)`, text))
}

func (p *tab) enter(name, room string) {
	p.t.Helper()
	evaluate[chromedp.Void](p, `document.querySelector("#name").value = document.querySelector("#room").value = ""`)
	p.do(
		command(page.BringToFront, cdp.Empty{}),
		chromedp.SendKeys(chromedp.CSS("#name"), name),
		chromedp.SendKeys(chromedp.CSS("#room"), room+kb.Enter),
	)
}

func (p *tab) say(text string) {
	p.t.Helper()
	p.do(command(page.BringToFront, cdp.Empty{}), chromedp.SendKeys(chromedp.CSS("#text"), text+kb.Enter))
}

func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(command(page.BringToFront, cdp.Empty{}), chromedp.Click(chromedp.CSS(selector)))
}

// screenshots takes pictures of the page, if there is a directory for them.
func (p *tab) screenshots(name string) {
	p.t.Helper()
	dir := os.Getenv(screenshotsVariable)
	if dir == "" {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{400, 1000} {
			p.do(
				command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
				chromedp.EmulateViewport(width, 640),
			)
			ctx, cancel := context.WithTimeout(p.ctx, patience)
			defer cancel()
			picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
			if err != nil {
				p.t.Fatal(err)
			}
			file := filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, scheme, width))
			if err := os.WriteFile(file, picture, 0o644); err != nil {
				p.t.Fatal(err)
			}
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
	p.t.Helper()
	return evaluate[view](p, `({
		title: document.title,
		status: document.querySelector("#status").innerText,
		people: [...document.querySelectorAll("#people button")].map(b => [b.querySelector(".name"), b.querySelector(".you")].filter(e => e).map(e => e.innerText).join(" ")),
		log: [...document.querySelectorAll("#log li")].map(li => [li.className.trim(),
			...(li.classList.contains("news") ? [li.innerText] : [...li.querySelectorAll(".who, .note, .body")].map(e => e.innerText))].join("|")),
	})`)
}
