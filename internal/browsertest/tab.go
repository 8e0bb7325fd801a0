package browsertest

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A Tab has a page open.
type Tab struct {
	t       testing.TB
	ctx     context.Context
	prompts chan struct{} // dialogs that nobody has answered
}

// Command makes a step of a command of the browser's protocol whose answer does not
// matter.
func Command[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// Do takes steps.
func (p *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// Evaluate returns the value of a JavaScript expression.
func Evaluate[T any](p *Tab, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatal(err)
	}
	return value
}

// Run runs a JavaScript expression whose value does not matter.
func (p *Tab) Run(expression string) {
	p.t.Helper()
	Evaluate[chromedp.Void](p, expression)
}

// Await waits until a JavaScript expression holds.
func (p *Tab) Await(expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	err := chromedp.Do(ctx, chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingMutation(), chromedp.WithPollingTimeout(patience)))
	if err != nil {
		p.t.Fatalf("%s: %v; the page shows:\n%s", expression, err, Evaluate[string](p, "document.body.innerText"))
	}
}

// Answer waits for the page's question and answers it; see [Options.Prompts].
func (p *Tab) Answer(text string) {
	p.t.Helper()
	select {
	case <-p.prompts:
	case <-time.After(patience):
		p.t.Fatal("the page asks nothing")
	}
	p.Do(Command(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true, PromptText: text}))
}

// Type types into an element, as with a keyboard.
func (p *Tab) Type(selector, text string) {
	p.t.Helper()
	p.Do(Command(page.BringToFront, cdp.Empty{}), chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Click clicks an element as with a mouse.
func (p *Tab) Click(selector string) {
	p.t.Helper()
	p.Do(Command(page.BringToFront, cdp.Empty{}), chromedp.Click(chromedp.CSS(selector)))
}

// Press clicks an element as a script does. A mouse would miss one that the page
// may draw anew at any time.
func (p *Tab) Press(selector string) {
	p.t.Helper()
	p.Run(fmt.Sprintf(`document.querySelector(%q).click()`, selector))
}

// Fill sets the value of a field.
func (p *Tab) Fill(selector, text string) {
	p.t.Helper()
	p.Run(fmt.Sprintf(`document.querySelector(%q).value = %q`, selector, text))
}

// View shows the page in a window of this size to a person who prefers the color
// scheme, "light" or "dark".
func (p *Tab) View(scheme string, width, height int64) {
	p.t.Helper()
	p.Do(
		Command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}),
		chromedp.EmulateViewport(width, height),
	)
}

// Picture writes what the page shows as a PNG.
func (p *Tab) Picture(file string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Close closes the tab.
func (p *Tab) Close() {
	p.t.Helper()
	if err := chromedp.Cancel(p.ctx); err != nil {
		p.t.Fatal(err)
	}
}
