package compattests

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// differencesFile lists where this project does not do what PHP does, on purpose.
const differencesFile = "differences.json"

// A difference is one such place. It is shown by scenarios or by tests.
type difference struct {
	ID        string   `json:"id"`
	Part      string   `json:"part"`                // one of differenceParts
	Readme    bool     `json:"readme,omitempty"`    // one of the few that the READMEs show
	Scenarios []string `json:"scenarios,omitempty"` // kept by -update
	Tests     []string `json:"tests,omitempty"`     // directory.TestName
	PHP       string   `json:"php"`
	Ours      string   `json:"ours"`
	Reason    string   `json:"reason"`
	ZH        *chinese `json:"zh,omitempty"`
}

// chinese is what PHP does, what ours does, and why, in the words of Chinese
// PHP developers.
type chinese struct {
	PHP    string `json:"php"`
	Ours   string `json:"ours"`
	Reason string `json:"reason"`
}

// differenceParts are the parts of the system, in the order of the list.
var differenceParts = []string{"gateway", "register", "worker and client"}

func loadDifferences() ([]difference, error) {
	data, err := os.ReadFile(differencesFile)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var list []difference
	return list, dec.Decode(&list)
}

// TestDifferences holds the list to scenarios and tests: each difference is
// shown by at least one, and each that a scenario names is in the list. That it
// still occurs is checked where the scenario runs.
func TestDifferences(t *testing.T) {
	list, err := loadDifferences()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string][]string{}
	for _, sc := range sortedScenarios() {
		for _, id := range sc.differs {
			shown[id] = append(shown[id], sc.name)
			if !slices.ContainsFunc(list, func(d difference) bool { return d.ID == id }) {
				t.Errorf("scenario %s shows the difference %q, which is not in %s", sc.name, id, differencesFile)
			}
		}
	}
	if !slices.IsSortedFunc(list, func(a, b difference) int {
		return cmp.Or(cmp.Compare(slices.Index(differenceParts, a.Part), slices.Index(differenceParts, b.Part)), strings.Compare(a.ID, b.ID))
	}) {
		t.Errorf("%s is not sorted by part and id", differencesFile)
	}
	for i := range list {
		d := &list[i]
		if !slices.Contains(differenceParts, d.Part) {
			t.Errorf("the difference %q is of part %q, want one of %q", d.ID, d.Part, differenceParts)
		}
		if len(shown[d.ID])+len(d.Tests) == 0 {
			t.Errorf("no scenario and no test shows the difference %q", d.ID)
		}
		for _, name := range d.Tests {
			if !testExists(t, name) {
				t.Errorf("%q is shown by %s, which does not exist", d.ID, name)
			}
		}
		if d.PHP == "" || d.Ours == "" || d.Reason == "" {
			t.Errorf("the difference %q does not say what PHP does, what ours does, and why", d.ID)
		}
		if d.ZH == nil || d.ZH.PHP == "" || d.ZH.Ours == "" || d.ZH.Reason == "" {
			t.Errorf("the difference %q does not say in Chinese (zh) what PHP does, what ours does, and why", d.ID)
		}
		if !*update {
			if diff := gocmp.Diff(shown[d.ID], d.Scenarios); diff != "" {
				t.Errorf("%q: scenarios that show it (-code +%s); -update corrects it:\n%s", d.ID, differencesFile, diff)
			}
		}
		d.Scenarios = shown[d.ID]
	}
	if *update {
		var out bytes.Buffer
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(list); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(differencesFile, out.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// testExists reports whether the source of a directory of the module has a test:
// "gateway.TestX" is func TestX in gateway/*_test.go.
func testExists(t *testing.T, name string) bool {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	form := regexp.MustCompile(`(?m)^func ` + regexp.QuoteMeta(name[dot+1:]) + `\(t \*testing\.T\)`)
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(name[:dot]), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return form.Match(source)
	})
}
