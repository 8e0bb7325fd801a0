package compattests

import (
	"net"
	"time"
)

func init() {
	scene("announce/line", func(s *stage) {
		r := s.scriptedRegister()
		s.gateway(gatewayConfig{Registers: []string{r.address()}})
		r.accept().expect()
	})
	scene("announce/secret-key", func(s *stage) {
		r := s.scriptedRegister()
		s.gateway(gatewayConfig{Registers: []string{r.address()}, SecretKey: "key/ü 1"})
		r.accept().expect()
	})
	scene("announce/quote-in-the-key", func(s *stage) {
		r := s.scriptedRegister()
		s.gateway(gatewayConfig{Registers: []string{r.address()}, SecretKey: `a"b\c`})
		r.accept().expect()
	}, differs("quote-in-secret-key"))
	scene("announce/several-registers", func(s *stage) {
		r, q := s.scriptedRegister(), s.scriptedRegister()
		s.gateway(gatewayConfig{Registers: []string{r.address(), q.address()}})
		r.accept().expect()
		q.accept().expect()
	})
	scene("announce/connects-again-after-a-second", func(s *stage) {
		r := s.scriptedRegister()
		s.gateway(gatewayConfig{Registers: []string{r.address()}})
		p := r.accept()
		p.expect()
		const second = 800 * time.Millisecond // by PHP's timers
		notBefore(s, second, func() {
			p.close()
			p = r.accept()
			p.expect()
		})
		notBefore(s, second, func() {
			p.reset()
			r.accept().expect()
		})
	})
	scene("announce/a-register-that-comes-later", func(s *stage) {
		r := s.scriptedRegister()
		address := r.address()
		closeNow(r.listener)
		s.gateway(gatewayConfig{Registers: []string{address}})
		w := s.worker()
		c := s.connect()
		c.say("served without a Register")
		w.drain()
		r.listenAgain(address)
		r.accept().expect()
	})
	for _, line := range []struct{ name, line string }{
		{"broadcast", `{"event":"broadcast_addresses","addresses":["127.0.0.1:1"]}`}, {"pong", `{"event":"pong"}`}, {"text", "ok"},
	} {
		scene("announce/register-answers-"+line.name, func(s *stage) {
			r := s.scriptedRegister()
			s.gateway(gatewayConfig{Registers: []string{r.address()}})
			p := r.accept()
			p.expect()
			s.worker()
			s.connect()
			s.inner()
			p.send(line.line)
			if s.original() {
				p.expectClosed()
			}
			s.survey()
		}, differs("register-answers"))
	}
	scene("announce/with-a-real-register", func(s *stage) {
		r := s.register(secret)
		w := s.subscribed(r, "worker")
		s.gateway(gatewayConfig{Registers: []string{r.address}, SecretKey: secret})
		w.expect()
		s.gateway(gatewayConfig{Registers: []string{r.address}, SecretKey: secret})
		w.expect()
	})
}

// listenAgain opens the Register's port anew.
func (r *scriptedRegister) listenAgain(address string) {
	l, err := net.Listen("tcp", address)
	r.stage.check(err)
	r.listener = l
	r.stage.cleanup(func() { closeNow(l) })
}
