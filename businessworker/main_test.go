package businessworker_test

import (
	"os"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, func() error { return goleak.Find() }))
}
