package composer

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp/kb"

	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
)

// page has one tab of a browser join the chat through the project's own web
// server and say something, and returns what the page shows.
func (p *project) page() []string {
	p.Helper()
	defer func() {
		if p.Failed() {
			p.Logf("the log:\n%s", p.log())
		}
	}()
	tab := browsertest.Start(p, browsertest.Options{Prompts: true}).Open(p, chatPage)
	defer tab.Close()
	awaitItems := func(n int) {
		tab.Await(fmt.Sprintf(`document.querySelectorAll("#dialog .speech_item").length >= %d`, n))
	}
	tab.Answer("Carol")
	awaitItems(1)
	tab.Type("#textarea", "你好 from the page"+kb.Enter)
	awaitItems(2)
	shown := browsertest.Evaluate[string](tab, `[...document.querySelectorAll("#dialog .speech_item, #userlist li")].map(e => e.innerText).join("\n")`)
	if !strings.Contains(shown, "你好 from the page") {
		p.Errorf("the page shows %q", shown)
	}
	return strings.Split(plain(shown), "\n")
}
