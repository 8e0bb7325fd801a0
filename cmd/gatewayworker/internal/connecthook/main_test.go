package connecthook

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// patience bounds every wait for something that must happen.
const patience = 30 * time.Second

// phpSkipped counts the tests that need a php of any kind.
var phpSkipped atomic.Int32

func TestMain(m *testing.M) {
	code := clustertest.Main(m, testwait.Leaks)
	browsertest.PrintSkipped()
	if n := phpSkipped.Load(); n > 0 {
		fmt.Printf("SKIPPED %d tests of PHP's endpoint: php is not installed\n", n)
	}
	os.Exit(code)
}
