package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?ms)^```go\n(.*?)^```")

// TestChatCode holds the chat of business-worker.md, in every language, to the
// program that the tests run.
func TestChatCode(t *testing.T) {
	program, err := os.ReadFile("../businessworker/example_chat_test.go")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("*/business-worker.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "business-worker.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, block := range goBlock.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(block[1], "OnMessage(") {
				found = true
				if !strings.Contains(string(program), block[1]) {
					t.Errorf("%s: the code is not that of example_chat_test.go", page)
				}
			}
		}
		if !found {
			t.Errorf("%s has no OnMessage", page)
		}
	}
}
