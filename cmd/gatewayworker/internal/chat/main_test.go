package chat_test

import (
	"os"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

func TestMain(m *testing.M) {
	code := clustertest.Main(m, testwait.Leaks)
	browsertest.PrintSkipped()
	os.Exit(code)
}
