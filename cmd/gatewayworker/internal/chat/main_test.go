package chat_test

import (
	"os"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := clustertest.Main(m, func() error { return goleak.Find() })
	browsertest.PrintSkipped()
	os.Exit(code)
}
