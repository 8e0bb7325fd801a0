package gatewayclient_test

import (
	"net"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// An exampleCluster is what the examples talk to: a Register, a gateway with one
// user on it, and what the Register takes for a second gateway.
type exampleCluster struct {
	register string                 // the Register's address
	id       gatewayclient.ClientID // the user's
	hears    func() string          // the next message that the user gets
	end      func()
}

// startCluster starts one. Its second gateway does not answer.
func startCluster() *exampleCluster {
	t, end := clustertest.Example()
	c := clustertest.Start(t, clustertest.Go, clustertest.Options{SecretKey: "secret"})
	user := c.Gateways[0].Connect(t, c.Gateways[0].ConnectWorker(t, "worker"))
	register := c.Registers[0]
	dead, err := net.Dial("tcp", register.Addr)
	if err != nil {
		panic(err)
	}
	t.Cleanup(func() { dead.Close() })
	dead.Write(gatewayprotocol.AppendGatewayConnect(nil, "127.0.0.1:1", c.SecretKey))
	register.WaitFor(t, 2)
	return &exampleCluster{
		register: register.Addr,
		id:       user.ID,
		hears:    func() string { return user.Receive(t) },
		end:      end,
	}
}

// client returns a Client of the cluster.
func (e *exampleCluster) client() *gatewayclient.Client {
	c, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: []string{e.register}, SecretKey: "secret", Logger: clustertest.Quiet(),
	})
	if err != nil {
		panic(err)
	}
	return c
}
