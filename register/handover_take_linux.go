package register

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
)

// TakeOver makes s, which has not served yet, what another process's server is,
// which [Standstill.HandOver] has written. Nothing is read or written on the
// connections until [Server.ServeTakenOver].
//
// The options may differ from those of the other process; what has given the key
// stays. After an error s is of no use, and the connections are still the other
// process's.
func (s *Server) TakeOver(from *handover.Taker) error {
	t := &taking{s: s, from: from, gateways: map[uint64]*conn{}}
	err := t.all()
	if err != nil {
		s.dropTaken()
	}
	return err
}

// taking is one TakeOver.
type taking struct {
	s        *Server
	from     *handover.Taker
	gateways map[uint64]*conn // by their places
}

func (t *taking) all() error {
	for {
		f, err := t.from.Read()
		switch {
		case errors.Is(err, io.EOF):
			return t.finish()
		case err != nil:
			return err
		case f.Kind() == kindServer:
			err = t.server(f)
		case f.Kind() == kindConn:
			err = t.conn(f)
		}
		if err != nil {
			return err
		}
	}
}

func (t *taking) server(f *handover.Fields) error {
	for f.Next() {
		switch f.Field() {
		case fieldRequests:
			t.s.requests.Store(f.Uint())
		case fieldListener:
			l, err := t.from.Listener(f.Uint())
			if err != nil {
				return err
			}
			t.s.taken = append(t.s.taken, l)
		default:
			if why := f.Field() - fieldRefused; why >= 0 && why < int(NumRefusals) {
				t.s.refused[why].Store(f.Uint())
			}
		}
	}
	return f.Err()
}

func (t *taking) conn(f *handover.Fields) error {
	s := t.s
	var nc net.Conn
	var remote string
	var unread, out []byte
	var limit time.Duration
	var place uint64
	var err error
	made := conn{}
	worker := false
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldFile:
			nc, err = t.from.Conn(f.Uint())
		case fieldRemote:
			remote = f.Text()
		case fieldAuthorized:
			made.authorized = f.Bool()
		case fieldUnread:
			unread = f.Copy()
		case fieldLimit:
			limit = time.Duration(f.Uint()) * time.Microsecond
		case fieldEnding:
			made.ending = f.Bool()
		case fieldWorker:
			worker = f.Bool()
		case fieldPlace:
			place = f.Uint()
		case fieldAddress:
			made.announced = true
			err = made.address.UnmarshalBinary(f.Bytes())
		case fieldBehind:
			made.behind = f.Bool()
		case fieldOut:
			out = f.Copy()
		}
	}
	switch err = errors.Join(err, f.Err()); {
	case err != nil:
		return err
	case nc == nil || made.announced != (place > 0):
		return fmt.Errorf("register: %w: a connection", handover.ErrMalformed)
	}
	keepalive.Set(nc)
	c := makeConn(s, nc, remote)
	c.authorized, c.ending = made.authorized, made.ending
	c.announced, c.address, c.behind = made.announced, made.address, made.behind
	c.lines.restore(unread)
	if !c.authorized {
		c.lines.max = s.opts.firstLines()
	}
	if limit > 0 {
		_ = c.in.SetReadDeadline(time.Now().Add(limit))
	}
	c.out.Restore(out)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	if worker {
		s.workers[c] = struct{}{}
	}
	if place > 0 {
		t.gateways[place] = c
	}
	return nil
}

// finish puts the gateways in their order.
func (t *taking) finish() error {
	s := t.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) == 0 {
		return fmt.Errorf("register: %w: no listener", handover.ErrMalformed)
	}
	for i := range uint64(len(t.gateways)) {
		c := t.gateways[i+1]
		if c == nil {
			return fmt.Errorf("register: %w: the order of gateways", handover.ErrMalformed)
		}
		s.gateways = append(s.gateways, c)
	}
	return nil
}

// dropTaken lets go of what came before an error.
func (s *Server) dropTaken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.taken {
		_ = l.Close()
	}
	s.taken = nil
	for c := range s.conns {
		c.out.Leave()
	}
	clear(s.conns)
	clear(s.workers)
	s.gateways = nil
}

// TakenOver returns the addresses of the listeners that TakeOver has taken over
// and ServeTakenOver will serve.
func (s *Server) TakenOver() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []net.Addr
	for _, l := range s.taken {
		all = append(all, l.Addr())
	}
	return all
}

// CloseTaken closes a listener of TakenOver in place of serving it: the options
// of this process have another address. The connections that came by it stay.
func (s *Server) CloseTaken(address net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = slices.DeleteFunc(s.taken, func(l net.Listener) bool {
		if l.Addr().String() != address.String() {
			return false
		}
		_ = l.Close()
		return true
	})
}

// ServeTakenOver serves what TakeOver has taken over, as [Server.Serve] does.
// Further listeners may be served beside, with Serve.
func (s *Server) ServeTakenOver() error {
	s.mu.Lock()
	var serve []func() error
	for _, l := range s.taken {
		serve = append(serve, s.servingLocked(l))
	}
	s.taken = nil
	for c := range s.conns {
		if c.behind {
			c.catchingUp = true
			s.wg.Go(func() { s.catchUp(c) })
		}
		s.wg.Go(func() {
			c.out.Flush()
			c.serve()
		})
	}
	s.opts.Logger.Infof("register: serving what another process has served: %d connections, %d gateways", len(s.conns), len(s.gateways))
	s.mu.Unlock()
	ended := make(chan error, len(serve))
	for _, f := range serve {
		go func() { ended <- f() }()
	}
	err := error(nil)
	for range serve {
		err = <-ended
	}
	if err == nil { // all listeners were given up for others
		<-s.stop
		err = s.endedBy()
	}
	return err
}
