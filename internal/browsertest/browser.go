package browsertest

import (
	"context"
	"fmt"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience bounds every wait for the browser.
const patience = 2 * time.Minute

const program = "chromium"

var skipped atomic.Int32

// Need skips the test where there is no Chromium.
func Need(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		skipped.Add(1)
		t.Skip(program + " is not installed")
	}
}

// PrintSkipped says how many tests Need has skipped, if any.
func PrintSkipped() {
	if n := skipped.Load(); n > 0 {
		fmt.Printf("SKIPPED %d tests in a browser: %s is not installed\n", n, program)
	}
}

// Options describe a browser. The zero value reaches 127.0.0.1 alone, prefers
// English, and expects no dialogs.
type Options struct {
	// Hosts are Chromium's rules for names of hosts: MAP name address, and so on.
	Hosts string
	// Languages are those that the person prefers, as "zh-CN,zh,en".
	Languages string
	// Prompts has pages ask the person something; see [Tab.Answer]. Otherwise a
	// dialog fails the test.
	Prompts bool
}

// A Browser has no tab but an empty one, unless tabs are opened.
type Browser struct {
	blank context.Context
	opts  Options
}

// Start starts a browser, which ends with the test. Where there is none the test is
// skipped.
func Start(t testing.TB, opts Options) *Browser {
	t.Helper()
	Need(t)
	if opts.Hosts == "" {
		opts.Hosts = "MAP * ~NOTFOUND,EXCLUDE 127.0.0.1"
	}
	if opts.Languages == "" {
		opts.Languages = "en-US,en"
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", opts.Hosts),
		chromedp.Flag("accept-lang", opts.Languages),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.WindowSize(1280, 1000),
		chromedp.WSURLReadTimeout(patience),
	)...)
	t.Cleanup(cancel)
	blank, _ := chromedp.NewContext(allocator)
	t.Cleanup(func() { _ = chromedp.Cancel(blank) })
	if err := chromedp.Do(blank); err != nil {
		t.Fatal(err)
	}
	return &Browser{blank, opts}
}

// Open opens a page in a tab of its own, which is closed at the end of the test.
func (b *Browser) Open(t testing.TB, url string) *Tab {
	t.Helper()
	ctx, _ := chromedp.NewContext(b.blank)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx) })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	p := &Tab{t: t, ctx: ctx, prompts: make(chan struct{}, 16)}
	err := chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page throws: %v %+v", event.ExceptionDetails.Text, event.ExceptionDetails.Exception)
		case *page.EventJavascriptDialogOpening:
			if b.opts.Prompts {
				p.prompts <- struct{}{}
			} else {
				t.Errorf("the page opens a dialog: %s", event.Message)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Do(Command(page.Navigate, page.NavigateParams{URL: url}))
	return p
}
