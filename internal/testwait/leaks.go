package testwait

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// Leaks returns an error that names the goroutines which stay at the end of a
// package's tests. Goroutines that are about to end have as long as [Until] waits:
// goleak alone gives them half a second, which a machine may stand still.
func Leaks() error {
	for deadline := time.Now().Add(patience); ; {
		err := goleak.Find()
		if err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// Main runs the tests of a package and looks for goroutines that stay; it returns
// the exit code.
func Main(m *testing.M) int {
	code := m.Run()
	if code == 0 {
		if err := Leaks(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}
