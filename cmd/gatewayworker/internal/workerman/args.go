package workerman

import (
	"os"
	"strings"
)

// OwnArgs returns a copy of os.Args that SetTitle does not change, and makes
// os.Args that copy.
func OwnArgs() []string {
	own := make([]string, len(os.Args))
	for i, a := range os.Args {
		own[i] = strings.Clone(a)
	}
	os.Args = own
	return own
}
