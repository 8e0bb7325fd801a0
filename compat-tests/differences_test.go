package compattests

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// differencesFile lists where this project does not do what PHP does, on purpose.
const differencesFile = "differences.json"

// A difference is one such place.
type difference struct {
	ID        string   `json:"id"`
	Scenarios []string `json:"scenarios"` // that show it; kept by -update
	PHP       string   `json:"php"`
	Ours      string   `json:"ours"`
	Reason    string   `json:"reason"`
}

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

// TestDifferences holds the list to the scenarios: each difference is shown by
// at least one, and each that a scenario names is in the list. That it still
// occurs is checked where the scenario runs.
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
	if !slices.IsSortedFunc(list, func(a, b difference) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) }) {
		t.Errorf("%s is not sorted by id", differencesFile)
	}
	for i := range list {
		d := &list[i]
		if len(shown[d.ID]) == 0 {
			t.Errorf("no scenario shows the difference %q", d.ID)
		}
		if d.PHP == "" || d.Ours == "" || d.Reason == "" {
			t.Errorf("the difference %q does not say what PHP does, what ours does, and why", d.ID)
		}
		if !*update {
			if diff := cmp.Diff(shown[d.ID], d.Scenarios); diff != "" {
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
