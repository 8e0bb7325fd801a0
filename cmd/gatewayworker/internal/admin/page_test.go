package admin

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/register"
)

// TestPageFiles: all files are served, with a policy that lets nothing else in,
// and use nothing that would let a client's name become code.
func TestPageFiles(t *testing.T) {
	r := newRig(t, 1, testToken)
	types := map[string]string{"html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
	files, err := fs.Glob(pageFiles, "page/*")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := strings.TrimPrefix(file, "page/")
		kind := name[strings.LastIndex(name, ".")+1:]
		if name == "index.html" {
			name = ""
		}
		req := httptest.NewRequest(http.MethodGet, "/"+name, nil)
		req.Host = "localhost"
		rec := httptest.NewRecorder()
		r.handler.ServeHTTP(rec, req)
		want, err := pageFiles.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != types[kind] || rec.Body.String() != string(want) {
			t.Errorf("%s: %d %s", file, rec.Code, rec.Header().Get("Content-Type"))
		}
		if csp := rec.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: Content-Security-Policy is %q", file, csp)
		}
		for _, banned := range []string{"https://", "innerHTML", "insertAdjacentHTML", "eval(", "Function(", " style=", " onclick="} {
			if strings.Contains(string(want), banned) {
				t.Errorf("%s has %s", file, banned)
			}
		}
	}
	for _, path := range []string{"/index.html/", "/page/", "/other", "/api/", "/api/none"} {
		if code, _ := r.do(http.MethodGet, path, ""); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
}

// TestPageWords: both languages have the same words, and every word that the page
// uses is there.
func TestPageWords(t *testing.T) {
	text, err := pageFiles.ReadFile("page/words.js")
	if err != nil {
		t.Fatal(err)
	}
	en, zh, ok := strings.Cut(string(text), "  zh: {")
	zh, _, ok2 := strings.Cut(zh, "\n  },\n")
	if !ok || !ok2 {
		t.Fatal("words.js is not as this test knows it")
	}
	key := regexp.MustCompile(`(?m)(?:^ +|", )(\w+): "`)
	keys := func(text string) []string {
		var found []string
		for _, m := range key.FindAllStringSubmatch(text, -1) {
			found = append(found, m[1])
		}
		slices.Sort(found)
		return found
	}
	if diff := cmp.Diff(keys(en), keys(zh)); diff != "" {
		t.Errorf("English and Chinese words differ (-en +zh):\n%s", diff)
	}
	known := keys(en)
	uses := regexp.MustCompile(`\bt\("(\w+)"|data-(?:t|label|placeholder)="(\w+)"|\bcard\("(\w+)"`)
	n := 0
	for _, file := range []string{"index.html", "admin.js", "inside.js", "process.js", "charts.js", "format.js"} {
		text, err := pageFiles.ReadFile("page/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range uses.FindAllStringSubmatch(string(text), -1) {
			n++
			if word := m[1] + m[2] + m[3]; !slices.Contains(known, word) {
				t.Errorf("%s: there is no word %q", file, word)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d words are used", n)
	}
}

// TestReasonsHaveWords: the page and the manuals have each reason of a close.
func TestReasonsHaveWords(t *testing.T) {
	r := newRig(t, 1, "")
	text, err := pageFiles.ReadFile("page/words.js")
	if err != nil {
		t.Fatal(err)
	}
	for reason := range r.gateways[0].Stats().ClientCloses {
		if strings.Count(string(text), "reason_"+reason.String()+":") != 2 {
			t.Errorf("words.js does not have reason_%s in both languages", reason)
		}
		for _, manual := range []string{"admin.md", "zh-CN/admin.md"} {
			text, err := os.ReadFile("../../../../docs/" + manual)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "\n| `"+reason.String()+"` | ") {
				t.Errorf("docs/%s does not have the reason %s", manual, reason)
			}
		}
	}
}

// TestRefusalsHaveWords: the manuals have each reason of the Register's.
func TestRefusalsHaveWords(t *testing.T) {
	for _, manual := range []string{"admin.md", "zh-CN/admin.md"} {
		text, err := os.ReadFile("../../../../docs/" + manual)
		if err != nil {
			t.Fatal(err)
		}
		for why := range register.NumRefusals {
			if !strings.Contains(string(text), "\n| `"+why.String()+"` | ") {
				t.Errorf("docs/%s does not have the reason %s", manual, why)
			}
		}
	}
}
