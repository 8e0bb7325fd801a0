package endurance

import (
	"encoding/json"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/internal/testprocess"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

const secretKey = "only the cluster knows"

// cluster is a Register, a gateway and Go workers, each in a process of its own.
type cluster struct {
	gatewayReady
	register string
	gateway  *testprocess.Process // nil: PHP's
	registry *testprocess.Process // nil: PHP's
	workers  []*testprocess.Process
}

// startCluster starts one without workers.
func startCluster(t *testing.T, config gatewayConfig, env ...string) *cluster {
	t.Helper()
	c := &cluster{}
	c.registry = testprocess.Start(t, "register", secretKey, &c.register)
	config.Register, config.Key = c.register, secretKey
	c.gateway = testprocess.Start(t, "gateway", config, &c.gatewayReady, env...)
	return c
}

// addWorker starts a worker, and waits until the gateway knows it.
func (c *cluster) addWorker(t *testing.T) *testprocess.Process {
	t.Helper()
	w := testprocess.Start(t, "worker", workerConfig{Name: "endurance", Register: c.register, Key: secretKey}, nil)
	c.workers = append(c.workers, w)
	if c.gateway != nil {
		testwait.Until(t, "the gateway knows all workers", func() bool { return c.stats(t).Workers == len(c.workers) })
	}
	return w
}

// stats is what the gateway says of itself.
func (c *cluster) stats(t testing.TB) gateway.Stats {
	t.Helper()
	return statsOf(t, c.gateway.Stats(t))
}

func statsOf(t testing.TB, s testprocess.Stats) gateway.Stats {
	t.Helper()
	var g gateway.Stats
	if err := json.Unmarshal(s.State, &g); err != nil {
		t.Fatal(err)
	}
	return g
}
