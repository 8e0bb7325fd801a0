package compattests

import (
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// secret is the secret key of the scenarios that have one.
const secret = "s3cret/key"

func init() {
	connects := []struct{ name, body string }{
		{"right", `{"worker_key":"x:0","secret_key":"s3cret\/key"}`},
		{"wrong", `{"worker_key":"x:0","secret_key":"other"}`},
		{"missing", `{"worker_key":"x:0"}`},
		{"null", `{"worker_key":"x:0","secret_key":null}`},
		{"empty", `{"worker_key":"x:0","secret_key":""}`},
		{"number", `{"worker_key":"x:0","secret_key":0}`},
		{"true", `{"worker_key":"x:0","secret_key":true}`},
		{"list", `{"worker_key":"x:0","secret_key":["s3cret"]}`},
		{"no-json", `not json`},
		{"empty-body", ``},
		{"json-number", `5`},
		{"json-null", `null`},
		{"json-list", `["x"]`},
		{"no-worker-key", `{"secret_key":"s3cret\/key"}`},
		{"worker-key-number", `{"worker_key":5,"secret_key":"s3cret\/key"}`},
		{"worker-key-null", `{"worker_key":null,"secret_key":"s3cret\/key"}`},
		{"more-keys", `{"secret_key":"s3cret\/key","a":1,"worker_key":"x:0"}`},
		{"key-twice", `{"worker_key":"x:0","secret_key":"other","secret_key":"s3cret\/key"}`},
	}
	for _, b := range connects {
		for _, cmd := range []gp.Command{gp.CmdWorkerConnect, gp.CmdGatewayClientConnect} {
			kind := map[gp.Command]string{gp.CmdWorkerConnect: "worker", gp.CmdGatewayClientConnect: "client"}[cmd]
			scene("auth/"+kind+"-with-key-"+b.name, func(s *stage) {
				a, _ := s.set(gatewayConfig{SecretKey: secret}, 1)
				a.send(command(cmd, 0, "", b.body))
				a.ask(isOnline(1))
				s.survey()
			})
		}
	}
	open := []struct{ name, body string }{
		{"empty", `{"worker_key":"x:0","secret_key":""}`},
		{"missing", `{"worker_key":"x:0"}`},
		{"null", `{"worker_key":"x:0","secret_key":null}`},
		{"given", `{"worker_key":"x:0","secret_key":"something"}`},
		{"false", `{"worker_key":"x:0","secret_key":false}`},
		{"no-json", `not json`},
		{"json-null", `null`},
		{"no-worker-key", `{"secret_key":""}`},
		{"worker-key-list", `{"worker_key":["x"],"secret_key":""}`},
	}
	for _, b := range open {
		for _, cmd := range []gp.Command{gp.CmdWorkerConnect, gp.CmdGatewayClientConnect} {
			kind := map[gp.Command]string{gp.CmdWorkerConnect: "worker", gp.CmdGatewayClientConnect: "client"}[cmd]
			scene("auth/"+kind+"-without-key-"+b.name, func(s *stage) {
				a, _ := s.set(gatewayConfig{}, 1)
				a.send(command(cmd, 0, "", b.body))
				a.ask(isOnline(1))
				s.survey()
			})
		}
	}
	for c := range 256 {
		cmd := gp.Command(c)
		if !defined(cmd) && c != 0 && c != 255 || cmd == gp.CmdWorkerConnect || cmd == gp.CmdGatewayClientConnect {
			continue
		}
		scene("auth/unauthorised-"+cmd.String(), func(s *stage) {
			_, c := s.set(gatewayConfig{SecretKey: secret}, 1)
			b := s.inner()
			b.mute = true
			b.send(command(cmd, c[0].id, `["1"]`, "body"))
			b.expectClosed()
			d := s.inner()
			d.ask(clientConnect(secret), isOnline(c[0].id), everything())
			c[0].drain()
		})
	}
	scene("auth/unauthorised-then-nothing-of-the-segment", func(s *stage) {
		_, c := s.set(gatewayConfig{SecretKey: secret}, 1)
		b := s.inner()
		b.mute = true
		b.send(joinGroup(c[0].id, "early"), clientConnect(secret), joinGroup(c[0].id, "late"))
		b.expectClosed()
		s.inner().ask(clientConnect(secret), groupIDList())
	})
	scene("auth/key-and-command-in-one-segment", func(s *stage) {
		_, c := s.set(gatewayConfig{SecretKey: secret}, 1)
		b := s.inner()
		b.send(clientConnect(secret), joinGroup(c[0].id, "g"), groupIDList())
		b.expect()
		b.ask(clientConnect(secret), groupIDList())
	})
	scene("auth/later-wrong-key-closes", func(s *stage) {
		_, c := s.set(gatewayConfig{SecretKey: secret}, 1)
		b := s.inner()
		b.ask(clientConnect(secret), isOnline(c[0].id))
		b.mute = true
		b.send(clientConnect("wrong"))
		b.expectClosed()
		w := s.workers[0]
		w.mute = true
		w.send(workerConnect("w:0", "wrong"))
		w.expectClosed()
	})
	scene("auth/silence-is-not-limited-at-first", func(s *stage) {
		_, c := s.set(gatewayConfig{SecretKey: secret}, 1)
		b := s.inner()
		b.mute = true
		d := s.inner()
		d.ask(clientConnect(secret), isOnline(c[0].id))
		b.ask(clientConnect(secret), isOnline(c[0].id))
	})
}
