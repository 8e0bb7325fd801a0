package compattests

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// gatewayUnderTest is a running gateway.
type gatewayUnderTest struct {
	name          string
	cfg           gatewayConfig
	clientAddress string
	innerAddress  string
	inner         gp.GatewayAddress
	admin         *inner // the harness's own connection, for barriers; not in the transcript
	accepted      int    // clients connected so far
}

// gateway starts a gateway with cfg. Without Registers it registers with one
// that only listens.
func (s *stage) gateway(cfg gatewayConfig) *gatewayUnderTest {
	if cfg.Listen == "" {
		cfg.Listen = "websocket"
	}
	if cfg.LanIP == "" {
		cfg.LanIP = "127.0.0.1"
	}
	gw := &gatewayUnderTest{name: fmt.Sprintf("gw%d", len(s.gateways)+1), cfg: cfg}
	impl := s.cast.gateway
	if len(s.gateways) > 0 && s.cast.second != nil {
		impl = s.cast.second
	}
	s.retry(func() (func(), error) { return gw.start(s, impl) })
	s.gateways = append(s.gateways, gw)
	s.names.gateway(gw.name, gw.inner, uint16(portOf(gw.clientAddress)))
	s.adminOf(gw)
	return gw
}

// start starts the gateway on free ports and returns when it has registered.
func (gw *gatewayUnderTest) start(s *stage, impl implementation) (stop func(), err error) {
	cfg := gw.cfg
	listen, innerPort := s.freePort(), s.freePort()
	gw.clientAddress = net.JoinHostPort("127.0.0.1", strconv.Itoa(listen))
	innerIP := cfg.LanIP
	if cfg.InnerListen != "" {
		innerIP = cfg.InnerListen
	}
	gw.innerAddress = net.JoinHostPort(innerIP, strconv.Itoa(innerPort))
	gw.inner, err = gp.ParseGatewayAddress(net.JoinHostPort(cfg.LanIP, strconv.Itoa(innerPort)))
	if err != nil {
		return nil, err
	}
	ready := func() error { return dialUntilUp(gw.innerAddress) }
	if len(cfg.Registers) == 0 {
		cfg.Registers, ready = quietRegister.expect(gw.inner.String())
	}
	if stop, err = impl.startGateway(s, cfg, listen, innerPort); err != nil {
		return nil, err
	}
	if err := ready(); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// retry starts a program, again where it fails: a port that was free may have
// been taken meanwhile by other programs of the machine.
func (s *stage) retry(start func() (stop func(), err error)) {
	var err error
	for range 3 {
		var stop func()
		if stop, err = start(); err == nil {
			s.cleanup(stop)
			return
		}
	}
	s.check(err)
}

// set sets the stage of most scenarios: a gateway, a worker w1, n clients, and a
// GatewayClient's connection a1.
func (s *stage) set(cfg gatewayConfig, n int) (a *inner, c []*client) {
	s.gateway(cfg)
	s.worker()
	c = s.connectN(n)
	return s.inner(), c
}

// original reports whether the gateway is PHP's. Only scenarios of deliberate
// differences may ask.
func (s *stage) original() bool {
	_, ok := s.cast.gateway.(php)
	return ok
}

// survey notes which clients and connections are still served, after a frame that
// must not harm them.
func (s *stage) survey() {
	// A PHP process that an error kills closes its connections bit by bit, by
	// timers of 10 ms: wait for the first to go, then for all.
	for range 3 {
		for _, in := range slices.Concat(s.inners, []*inner{s.gateways[0].admin}) {
			in.dirty = true
			in.barrier()
		}
		if s.original() {
			time.Sleep(25 * time.Millisecond)
		}
	}
	if s.gateways[0].admin.over() {
		s.await(func() bool {
			for _, in := range s.inners {
				if !in.ended && !in.shut {
					return false
				}
			}
			return true
		})
	}
	for _, in := range s.inners {
		if in.shut {
			continue
		}
		in.drain()
	}
	for _, c := range s.clients {
		if !c.shut && !c.told {
			c.drain()
		}
	}
}

// adminOf returns the harness's own inner connection to gw.
func (s *stage) adminOf(gw *gatewayUnderTest) *inner {
	if gw.admin == nil {
		gw.admin = s.dialInner("admin", gw)
		gw.admin.put(gp.AppendMessage(nil, clientConnect(gw.cfg.SecretKey)))
	}
	return gw.admin
}

// awaitGone waits until the gateway has noticed that c is gone, outside of the
// transcript. Where a worker gets an event of it, a scenario waits for that.
func (s *stage) awaitGone(c *client) {
	admin := s.adminOf(c.gw)
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		admin.put(gp.AppendMessage(nil, isOnline(c.id)))
		u, ok := admin.read()
		if !ok || string(u.reply) == "i:0;" {
			return
		}
		if time.Since(start) > patience {
			s.fail("%s is still there after %v", c.name, patience)
		}
	}
}

// count asks how many clients gw holds, outside of the transcript.
func (s *stage) count(gw *gatewayUnderTest) string {
	admin := s.adminOf(gw)
	admin.put(gp.AppendMessage(nil, countBy("")))
	u, ok := admin.read()
	if !ok {
		return "" // the gateway is gone
	}
	return string(u.reply)
}
