package handovertest

import (
	"reflect"
	"strings"
	"testing"
)

// Fields fails t unless the structs of known have the fields that stand there, in
// their order. Whoever adds one has to say how it passes to another process, or that
// it need not, and then to name it in the test.
func Fields(t *testing.T, known map[reflect.Type]string) {
	t.Helper()
	for of, names := range known {
		var fields []string
		for f := range of.Fields() {
			fields = append(fields, f.Name)
		}
		if got := strings.Join(fields, " "); got != names {
			t.Errorf("%v has the fields\n%s\nknown are\n%s", of, got, names)
		}
	}
}
