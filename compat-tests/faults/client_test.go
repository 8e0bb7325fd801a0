//go:build linux

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// The pace of a client's messages, and how long it lives, in milliseconds.
const (
	paceMin, paceMax = 10, 30
	lifeMin, lifeMax = 1000, 6000
	greetMin         = 700 * time.Millisecond // after which a client that was not greeted asks for it
)

// A seat is a place for one client after another, at one gateway.
type seat struct {
	o       *oracle
	index   int
	gateway int
	address string
	paused  *gate

	mu      sync.Mutex
	present *client // the one that is connected, or nil
	ws      *websocket.Conn
	serial  int
}

// run has clients sit there until ctx ends.
func (s *seat) run(ctx context.Context) {
	for ctx.Err() == nil {
		c, ws, err := s.connect(ctx)
		if err != nil {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		s.sit(ctx, c, ws)
	}
}

func (s *seat) connect(ctx context.Context) (*client, *websocket.Conn, error) {
	s.serial++
	c := &client{
		name: fmt.Sprintf("c%d.%d", s.index, s.serial), slot: s.index, gateway: s.gateway,
		echoes: map[int]int{}, events: map[int]int{}, pushed: map[string]int{},
		owed: map[string]bool{}, got: map[string]bool{},
		groups: map[string]*value{}, session: map[string]*value{},
	}
	c.uid = value{true, "u-" + c.name, 0}
	s.o.mu.Lock()
	c.born, c.epoch = time.Now(), s.o.epochs[s.gateway]
	s.o.clients[c.name] = c
	s.o.mu.Unlock()
	dialer := websocket.Dialer{HandshakeTimeout: patience}
	ws, response, err := dialer.DialContext(ctx, "ws://"+s.address+"/?name="+c.name, http.Header{})
	if response != nil && response.Body != nil {
		response.Body.Close()
	}
	s.o.mu.Lock()
	defer s.o.mu.Unlock()
	if err != nil {
		c.ended, c.end = time.Now(), cut
		return nil, nil, err
	}
	c.port = ws.LocalAddr().(*net.TCPAddr).Port
	s.o.total.connects++
	s.mu.Lock()
	s.present, s.ws = c, ws
	s.mu.Unlock()
	return c, ws, nil
}

// sit sends messages until the client has lived long enough, or was cut.
func (s *seat) sit(ctx context.Context, c *client, ws *websocket.Conn) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		s.read(c, ws)
	}()
	defer func() {
		<-gone
		ws.Close()
		s.mu.Lock()
		s.present, s.ws = nil, nil
		s.mu.Unlock()
	}()
	life := time.Now().Add(between(lifeMin, lifeMax))
	greeted := time.Now()
	for {
		select {
		case <-gone:
			return
		case <-ctx.Done():
			s.leave(c, ws, false)
			return
		case <-time.After(between(paceMin, paceMax)):
		}
		if !s.paused.enter() {
			continue
		}
		if time.Now().After(life) && s.leave(c, ws, rand.IntN(4) == 0) {
			s.paused.leave()
			return
		}
		verb := "m"
		s.o.mu.Lock()
		if c.ready.IsZero() && time.Since(greeted) > greetMin {
			verb, greeted = "h", time.Now()
		} else if s.index%2 == 0 && len(c.sent)%8 == 7 {
			verb = "s"
		}
		s.o.mu.Unlock()
		s.send(c, ws, verb)
		s.paused.leave()
	}
}

// send sends a message, which is known before it goes.
func (s *seat) send(c *client, ws *websocket.Conn, verb string) {
	s.o.mu.Lock()
	if c.end != connected {
		s.o.mu.Unlock()
		return
	}
	c.sent = append(c.sent, message{at: time.Now(), stores: verb == "s"})
	if verb == "h" {
		c.asked = len(c.sent)
	}
	s.o.total.messages++
	text := fmt.Sprintf("%s %s %d", verb, c.name, len(c.sent))
	s.o.mu.Unlock()
	_ = ws.SetWriteDeadline(time.Now().Add(patience))
	_ = ws.WriteMessage(websocket.TextMessage, []byte(text)) // an error is the reader's, too
}

// leave ends the client: with a goodbye, or by a reset of the connection. It
// reports whether it could: who is cut at the same time was cut.
func (s *seat) leave(c *client, ws *websocket.Conn, abort bool) bool {
	s.o.mu.Lock()
	if c.end != connected {
		s.o.mu.Unlock()
		return false
	}
	c.ended, c.end = time.Now(), left
	if abort {
		c.end = aborted
	}
	s.o.mu.Unlock()
	if abort {
		_ = ws.NetConn().(*net.TCPConn).SetLinger(0)
		ws.Close()
		return true
	}
	_ = ws.WriteControl(websocket.CloseMessage, nil, time.Now().Add(patience))
	_ = ws.SetReadDeadline(time.Now().Add(patience)) // the gateway closes the connection
	return true
}

func (s *seat) read(c *client, ws *websocket.Conn) {
	for {
		_, msg, err := ws.ReadMessage()
		s.o.mu.Lock()
		if err != nil {
			if c.end == connected {
				c.ended, c.end = time.Now(), cut
				if s.o.mayBeCutLocked(c) {
					s.o.total.cuts++
				} else {
					s.o.violateLocked("%s (%s) was disconnected: %v", c.name, c.id, err)
				}
			}
			s.o.mu.Unlock()
			return
		}
		s.o.receivedLocked(c, strings.Split(string(msg), " "))
		s.o.mu.Unlock()
	}
}

// receivedLocked takes what a client has received.
func (o *oracle) receivedLocked(c *client, f []string) {
	switch {
	case f[0] == "hello" && len(f) == 4:
		if f[1] != c.name {
			o.violateLocked("%s got the greeting of %s", c.name, f[1])
			return
		}
		if c.id != "" && c.id != f[2] {
			o.violateLocked("%s has the ids %s and %s", c.name, c.id, f[2])
		}
		c.id = f[2]
		if c.ready.IsZero() {
			c.ready = time.Now()
		}
	case f[0] == "e" && len(f) == 4:
		o.answeredLocked(c, f[1], number(f[2]), number(f[3]))
	case (f[0] == "p" || f[0] == "a") && len(f) == 4:
		o.pushedLocked(c, f[0], f[1], number(f[2]), f[3])
	default:
		o.violateLocked("%s got %q", c.name, f)
	}
}

func (o *oracle) answeredLocked(c *client, name string, n, pid int) {
	if name != c.name {
		o.violateLocked("%s got the answer to message %d of %s", c.name, n, name)
		return
	}
	if n < 1 || n > len(c.sent) {
		o.violateLocked("%s got an answer to message %d and has sent %d", c.name, n, len(c.sent))
		return
	}
	m := &c.sent[n-1]
	if !m.answered.IsZero() {
		o.violateLocked("%s got the answer to message %d twice", c.name, n)
	}
	m.answered, m.by = time.Now(), pid
	if m.at.After(o.answered[c.slot]) {
		o.answered[c.slot] = m.at
	}
	if last := c.echoes[pid]; n <= last {
		o.violateLocked("%s got worker %d's answer %d after answer %d", c.name, pid, n, last)
	}
	c.echoes[pid] = n
	c.last = max(c.last, n)
	c.worker = pid
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

func between(low, high int) time.Duration {
	return time.Duration(low+rand.IntN(high-low)) * time.Millisecond
}

// A gate lets workers of the load in, and waits for them to be out when it is
// shut.
type gate struct {
	mu     sync.Mutex
	shut   bool
	inside int
	out    chan struct{} // closed when nobody is inside any more
}

// enter reports whether the gate is open; who has entered must leave.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.shut {
		g.inside++
	}
	return !g.shut
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 && g.out != nil {
		close(g.out)
		g.out = nil
	}
}

// close shuts the gate and returns what is closed when nobody is inside.
func (g *gate) close() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	out := make(chan struct{})
	if g.inside == 0 {
		close(out)
	} else {
		g.out = out
	}
	return out
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}
