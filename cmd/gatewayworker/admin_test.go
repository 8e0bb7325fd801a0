package main

import (
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// ask asks an admin until it answers with a status and a text:
//
//	ask [-token=TOKEN] STATUS URL REGEXP
func ask(ts *testscript.TestScript, neg bool, args []string) {
	token, given := "", false
	if len(args) > 0 {
		if token, given = strings.CutPrefix(args[0], "-token="); given {
			args = args[1:]
		}
	}
	if neg || len(args) != 3 {
		ts.Fatalf("usage: ask [-token=TOKEN] STATUS URL REGEXP")
	}
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	want := regexp.MustCompile(args[2])
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	last := ""
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		req, err := http.NewRequest(http.MethodGet, args[1], nil)
		ts.Check(err)
		if given {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := client.Do(req)
		if err != nil {
			last = err.Error()
			continue
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		ts.Check(err)
		if resp.StatusCode == status && want.Match(body) {
			return
		}
		last = resp.Status + "\n" + string(body)
	}
	ts.Fatalf("%s: %s", args[1], last)
}
