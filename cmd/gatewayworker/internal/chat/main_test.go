package chat_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := clustertest.Main(m, func() error { return goleak.Find() })
	if n := browserSkipped.Load(); n > 0 {
		fmt.Printf("SKIPPED %d tests in a browser: chromium is not installed\n", n)
	}
	os.Exit(code)
}
