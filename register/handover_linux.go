package register

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// A server passes to another process as records: one of the server, one for each
// connection.
const (
	kindServer = handover.FirstKind + iota
	kindConn
)

// Fields of the server's record.
const (
	fieldRequests = 1 + iota
	fieldListener // one for each
	fieldRefused  // and those behind it: one for each Refusal
)

// Fields of a connection's.
const (
	fieldFile = 1 + iota
	fieldRemote
	fieldAuthorized
	fieldUnread
	fieldLimit // microseconds, until the key has to have come
	fieldEnding
	fieldWorker
	fieldPlace // among the gateways, from 1
	fieldAddress
	fieldBehind
	fieldOut
)

// ErrNotServing says that a server does not serve yet, so that there is nothing to
// hand over.
var ErrNotServing = errors.New("register: it does not serve yet")

// Standstill is a server that neither reads nor writes nor accepts, so that its
// state can be handed to another process; see [Server.StandStill].
type Standstill struct {
	s         *Server
	listeners []*handover.Listener
	conns     []*conn
}

// StandStill stops everything that the server does, between two lines, and
// returns when it stands. Nothing is lost meanwhile: what peers send waits in the
// kernel. Either [Standstill.GoOn] or [Standstill.Leave] has to follow soon.
//
// It fails if ctx ends first, and where a listener is none of package net's; the
// server then goes on.
func (s *Server) StandStill(ctx context.Context) (*Standstill, error) {
	s.standstill.Lock()
	st := &Standstill{s: s}
	if err := st.hold(ctx); err != nil {
		st.GoOn()
		return nil, err
	}
	return st, nil
}

func (st *Standstill) hold(ctx context.Context) error {
	s := st.s
	s.mu.Lock()
	for l := range s.listeners {
		st.listeners = append(st.listeners, l)
	}
	closing := s.closing
	s.mu.Unlock()
	switch {
	case closing:
		return ErrServerClosed
	case len(st.listeners) == 0:
		return ErrNotServing
	}
	for _, l := range st.listeners {
		if _, ok := l.Listener.(*net.TCPListener); !ok {
			return fmt.Errorf("register: the listener of %v is none of TCP: another process cannot take it over", l.Addr())
		}
	}
	for _, l := range st.listeners {
		if err := l.Hold(ctx); err != nil {
			return fmt.Errorf("register: accepting does not come to a stand: %w", err)
		}
	}
	s.mu.Lock() // no more come, and none goes
	ins := make([]*handover.Conn, 0, len(s.conns))
	for c := range s.conns {
		st.conns = append(st.conns, c)
		ins = append(ins, c.in)
	}
	s.mu.Unlock()
	if err := handover.HoldAll(ctx, ins...); err != nil {
		return fmt.Errorf("register: the connections do not come to a stand: %w", err)
	}
	for _, c := range st.conns {
		if err := c.out.Hold(ctx); err != nil {
			return fmt.Errorf("register: %s: a list that is being sent does not come to a stand: %w", c.remote, err)
		}
	}
	return nil
}

// HandOver writes the server to another process, for [Server.TakeOver]. The
// server is as before: GoOn or Leave has to follow.
func (st *Standstill) HandOver(to *handover.Giver) error {
	s := st.s
	r := handover.NewRecord(kindServer)
	r.Uint(fieldRequests, s.requests.Load())
	for why := range NumRefusals {
		r.Uint(fieldRefused+int(why), s.refused[why].Load())
	}
	for _, l := range st.listeners {
		number, err := to.Socket(l.Listener)
		if err != nil {
			return err
		}
		r.Uint(fieldListener, number)
	}
	if err := to.Write(r); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	places := map[*conn]uint64{}
	for i, c := range s.gateways {
		places[c] = uint64(i + 1)
	}
	for _, c := range st.conns {
		if err := c.saveLocked(to, r, places[c]); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) saveLocked(to *handover.Giver, r *handover.Record, place uint64) error {
	r.Reset(kindConn)
	number, err := to.Socket(c.in.Conn)
	if err != nil {
		return fmt.Errorf("register: the connection of %s: %w", c.remote, err)
	}
	r.Uint(fieldFile, number)
	r.String(fieldRemote, c.remote)
	r.Bool(fieldAuthorized, c.authorized)
	r.Bytes(fieldUnread, c.lines.unread())
	r.Uint(fieldLimit, uint64(c.in.ReadLimit().Microseconds()))
	r.Bool(fieldEnding, c.in.Ended())
	_, worker := c.srv.workers[c]
	r.Bool(fieldWorker, worker)
	r.Uint(fieldPlace, place)
	if c.announced {
		address, _ := c.address.MarshalBinary() // does not fail
		r.Bytes(fieldAddress, address)
	}
	r.Bool(fieldBehind, c.behind)
	r.Bytes(fieldOut, c.out.Pending())
	return to.Write(r)
}

// GoOn has the server go on as if nothing had happened.
func (st *Standstill) GoOn() {
	for _, c := range st.conns {
		c.in.Release()
		c.out.Release()
	}
	for _, l := range st.listeners {
		l.Release()
	}
	st.s.standstill.Unlock()
}

// Leave ends the server, which another process has taken over: Serve returns
// [ErrLeft], and no peer is told anything.
func (st *Standstill) Leave() {
	s := st.s
	s.mu.Lock()
	s.left, s.closing = true, true
	close(s.stop)
	s.mu.Unlock()
	for _, l := range st.listeners {
		l.Leave()
	}
	for _, c := range st.conns {
		c.in.Leave()
		c.out.Leave()
	}
	s.standstill.Unlock()
	s.wg.Wait()
}
