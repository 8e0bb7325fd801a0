package compattests

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// freePort returns a port that is the stage's as long as it stands.
func (s *stage) freePort() int {
	port, release := clustertest.ReservePort()
	s.cleanup(release)
	return port
}

// hasIPv6 reports whether the machine has [::1].
var hasIPv6 = sync.OnceValue(func() bool {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		return false
	}
	closeNow(l)
	return true
})

// dialUntilUp returns when address accepts connections.
func dialUntilUp(address string) error {
	var err error
	for start := time.Now(); time.Since(start) < patience; time.Sleep(3 * time.Millisecond) {
		var conn net.Conn
		if conn, err = net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
	}
	return err
}

// registerStub is a Register that never answers. Gateways that need none are
// registered with it, which also tells that they are up.
type registerStub struct {
	mu       sync.Mutex // guards the fields below
	listener net.Listener
	waiting  map[string]chan struct{} // inner address of a gateway that is to register
	conns    sync.WaitGroup
}

var quietRegister registerStub

// expect returns the addresses to register with, and a function that waits
// until the gateway with the inner address has done so.
func (r *registerStub) expect(inner string) (addresses []string, ready func() error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener == nil {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, func() error { return err }
		}
		r.listener, r.waiting = l, map[string]chan struct{}{}
		r.conns.Add(1)
		go r.serve(l)
	}
	up := make(chan struct{}, 1)
	r.waiting[inner] = up
	return []string{r.listener.Addr().String()}, func() error {
		select {
		case <-up:
			return nil
		case <-time.After(patience):
			return fmt.Errorf("gateway %s did not register", inner)
		}
	}
}

// close ends the stub once the gateways are gone.
func (r *registerStub) close() {
	r.mu.Lock()
	if r.listener != nil {
		r.listener.Close()
	}
	r.mu.Unlock()
	r.conns.Wait()
}

func (r *registerStub) serve(l net.Listener) {
	defer r.conns.Done()
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		r.conns.Go(func() {
			defer conn.Close()
			lines := bufio.NewScanner(conn)
			for lines.Scan() {
				var line struct{ Address string }
				_ = json.Unmarshal(lines.Bytes(), &line)
				r.mu.Lock()
				if up := r.waiting[line.Address]; up != nil {
					delete(r.waiting, line.Address)
					up <- struct{}{}
				}
				r.mu.Unlock()
			}
		})
	}
}
