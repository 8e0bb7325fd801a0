package composer

import (
	"context"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// page has one tab of a browser join the chat through the project's own web
// server and say something, and returns what the page shows.
func (p *project) page() []string {
	p.Helper()
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath("chromium"), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(p.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WSURLReadTimeout(patience),
	)...)
	defer cancel()
	ctx, _ := chromedp.NewContext(allocator)
	defer func() { _ = chromedp.Cancel(ctx) }()
	if err := chromedp.Do(ctx); err != nil {
		p.Fatal(err)
	}
	asked := make(chan struct{}, 16)
	if err := chromedp.Listen(ctx, func(event any) {
		if _, ok := event.(*page.EventJavascriptDialogOpening); ok {
			asked <- struct{}{}
		}
	}); err != nil {
		p.Fatal(err)
	}
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		p.Helper()
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := chromedp.Do(ctx, steps...); err != nil {
			p.Fatalf("%v; the log:\n%s", err, p.log())
		}
	}
	items := func(n string) chromedp.Action[chromedp.Void] {
		return chromedp.Poll[chromedp.Void](`document.querySelectorAll("#dialog .speech_item").length >= `+n, chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(patience))
	}
	do(call(page.Navigate, page.NavigateParams{URL: chatPage}))
	select {
	case <-asked:
	case <-time.After(patience):
		p.Fatal("the page does not ask for a name")
	}
	do(call(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true, PromptText: "Carol"}))
	do(items("1"))
	do(chromedp.SendKeys(chromedp.CSS("#textarea"), "你好 from the page"+kb.Enter))
	do(items("2"))
	shown, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("#dialog .speech_item, #userlist li")].map(e => e.innerText).join("\n")`))
	if err != nil {
		p.Fatal(err)
	}
	if !strings.Contains(shown, "你好 from the page") {
		p.Errorf("the page shows %q", shown)
	}
	return strings.Split(plain(shown), "\n")
}

// call makes an action of a protocol command whose answer does not matter.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}
