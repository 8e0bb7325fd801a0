package upgrade

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
)

// TestChatInABrowser: two people chat, each in a tab of Chromium, with the chat that
// start brings along. The program is replaced between two sentences, and their pages
// stay connected.
func TestChatInABrowser(t *testing.T) {
	b := browsertest.Start(t, browsertest.Options{})
	ports := freePorts(t, 4)
	p := start(t, "start", "--listen", "websocket://127.0.0.1:"+ports[0], "--start-port", ports[1], "--register-listen", "text://127.0.0.1:"+ports[2], "--chat-listen", "127.0.0.1:"+ports[3], "--admin-listen", "off")
	open := func(name string) *browsertest.Tab {
		t.Helper()
		tab := b.Open(t, "http://127.0.0.1:"+ports[3]+"/")
		tab.Await(`!!document.querySelector("#enter") && !document.querySelector("#enter").disabled`)
		tab.Run(`document.querySelector("#name").value = document.querySelector("#room").value = ""`)
		tab.Type("#name", name)
		tab.Type("#room", "Lobby"+kb.Enter)
		tab.Await(fmt.Sprintf(`document.querySelector("#log").lastElementChild?.innerText.includes("You are in Lobby as %s")`, name))
		tab.Run(`window.offline = 0; new MutationObserver(() => { if (!document.querySelector("#status").classList.contains("online")) window.offline++ }).observe(document.querySelector("#status"), {attributes: true, childList: true})`)
		return tab
	}
	ann, bob := open("Ann"), open("Bob")
	ann.Await(`document.querySelector("#log").lastElementChild?.innerText.includes("Bob came in")`)
	want := map[*browsertest.Tab][]string{ann: {"You are in Lobby as Ann", "Bob came in"}, bob: {"You are in Lobby as Bob"}}
	say := func(from, to *browsertest.Tab, name, text string) {
		t.Helper()
		from.Type("#text", text+kb.Enter)
		to.Await(fmt.Sprintf(`document.querySelector("#log").lastElementChild?.innerText.includes(%q)`, text))
		from.Await(fmt.Sprintf(`document.querySelector("#log").lastElementChild?.innerText.includes(%q)`, text))
		want[from] = append(want[from], "You|"+text)
		want[to] = append(want[to], name+"|"+text)
	}
	say(ann, bob, "Ann", "before")
	for i := range *times {
		if _, err := p.upgrade(); err != nil {
			t.Fatal(err)
		}
		say(bob, ann, "Bob", fmt.Sprintf("after %d", i))
		say(ann, bob, "Ann", fmt.Sprintf("answer %d", i))
	}
	for tab, lines := range want {
		got := browsertest.Evaluate[[]string](tab, `[...document.querySelectorAll("#log li")].map(li => li.classList.contains("news") ? li.innerText : [...li.querySelectorAll(".who, .body")].map(e => e.innerText).join("|"))`)
		if !slices.Equal(got, lines) {
			t.Errorf("a page shows %q, want %q", got, lines)
		}
		if n := browsertest.Evaluate[int](tab, "window.offline"); n != 0 {
			t.Errorf("a page was offline %d times", n)
		}
	}
}
