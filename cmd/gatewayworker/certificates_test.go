package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/sirupsen/logrus/hooks/test"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/certs"
)

// TestRefreshCertificates: of several certificates the log names the one that has
// changed.
func TestRefreshCertificates(t *testing.T) {
	dir := t.TempDir()
	files := certs.Files{}
	install := func(name string) string {
		t.Helper()
		cert, key := selfSigned(t)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, append(cert, key...), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, name := range []string{"one.pem", "two.pem"} {
		files.Pairs = append(files.Pairs, certs.Pair{Cert: install(name)})
	}
	loaded, err := certs.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	log, lines := test.NewNullLogger()
	p, s := &process{log: log}, certs.FromFiles(loaded)
	named := func() (names []string) {
		for _, e := range lines.AllEntries() {
			names = append(names, filepath.Base(e.Data["certificate"].(string)))
		}
		lines.Reset()
		return names
	}
	p.refreshCertificates(s, "")
	if got := named(); len(got) > 0 {
		t.Errorf("nothing has changed, and the log names %q", got)
	}
	install("two.pem")
	p.refreshCertificates(s, "")
	if got := named(); !slices.Equal(got, []string{"two.pem"}) {
		t.Errorf("the log names %q, want two.pem", got)
	}
}
