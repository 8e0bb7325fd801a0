// Package docs holds the documentation; its tests keep it from going stale.
package docs

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	codeBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```|^(?:    |\t).*?$|`[^`\n]+`")
	fence     = regexp.MustCompile("(?ms)^ *```.*?^ *```")
	mdLink    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#{1,6} +(.*?) *#*$`)
)

// TestLinks finds relative links that lead to no file, or to no heading of one.
func TestLinks(t *testing.T) {
	checked := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "vendor" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(path) != ".md" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range mdLink.FindAllStringSubmatch(codeBlock.ReplaceAllString(string(text), ""), -1) {
			checked++
			if err := followLink(path, m[1]); err != nil {
				t.Errorf("%s: [](%s): %v", path, m[1], err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 50 {
		t.Errorf("only %d links found: the documents have more", checked)
	}
}

// followLink looks up a link of the document at path. Links to other hosts are
// not followed.
func followLink(path, link string) error {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "" {
		return err
	}
	target := path
	if u.Path != "" {
		target = filepath.Join(filepath.Dir(path), filepath.FromSlash(u.Path))
	}
	if _, err := os.Stat(target); err != nil {
		return err
	}
	if u.Fragment == "" {
		return nil
	}
	if filepath.Ext(target) != ".md" {
		return fmt.Errorf("%s has no headings", target)
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
		if anchor(m[1]) == u.Fragment {
			return nil
		}
	}
	return fmt.Errorf("%s has no heading #%s", target, u.Fragment)
}

// anchor is what a heading is called in links: letters and digits of any
// language in lower case, hyphens for spaces, no punctuation.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' || r == '-':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}
