package gateway

import (
	"os"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

func TestMain(m *testing.M) { os.Exit(testwait.Main(m)) }
