package compattests

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A transcript is a recorded run of a scenario: the lines of the scripted
// peers, then one section for each PHP actor.
//
//	# uid/bind
//	# PHP 8.2.35, Workerman 5.2.2, ...
//	w1 > CMD_WORKER_CONNECT flag=1 body=`{"worker_key":"w:0","secret_key":""}`
//	c1 connects to gw1: id=1, events to w1
type transcript struct {
	name     string
	versions string
	lines    []string
}

// transcriptFile returns the path for a scenario's transcript; kind is "" for
// PHP's and ".ours" for what this project does where that differs on purpose.
func transcriptFile(name, kind string) string {
	return filepath.Join("testdata", "transcripts", filepath.FromSlash(name)+kind+".txt")
}

func (tr *transcript) text() string {
	return fmt.Sprintf("# %s\n# %s\n%s\n", tr.name, tr.versions, strings.Join(tr.lines, "\n"))
}

func (tr *transcript) save(kind string) error {
	file := transcriptFile(tr.name, kind)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(tr.text()), 0o666)
}

func loadTranscript(name, kind string) (*transcript, error) {
	data, err := os.ReadFile(transcriptFile(name, kind))
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 2 || lines[0] != "# "+name || !strings.HasPrefix(lines[1], "# ") {
		return nil, fmt.Errorf("%s: no transcript of %s", transcriptFile(name, kind), name)
	}
	return &transcript{name: name, versions: lines[1][2:], lines: lines[2:]}, nil
}
