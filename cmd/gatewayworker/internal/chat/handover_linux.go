package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// kindGuard is the first record of a chat, before its worker's.
const kindGuard = handover.FirstKind + 32

// fieldRefused is a client that was not let in, one for each.
const fieldRefused = 1

// Standstill is a chat whose worker stands still, so that another process can take
// it over; see [Server.StandStill].
type Standstill struct {
	s      *Server
	worker *businessworker.Standstill // nil with PageOnly
}

// StandStill has the worker stand still, see [businessworker.Worker.StandStill]. The
// page is served on: its listener is the caller's to pass. Either
// [Standstill.GoOn] or [Standstill.Leave] has to follow soon.
func (s *Server) StandStill(ctx context.Context) (*Standstill, error) {
	st := &Standstill{s: s}
	if s.worker == nil {
		return st, nil
	}
	var err error
	if st.worker, err = s.worker.StandStill(ctx); err != nil {
		return nil, err
	}
	return st, nil
}

// HandOver writes the chat to another process, for [Server.TakeOver].
func (st *Standstill) HandOver(to *handover.Giver) error {
	r := handover.NewRecord(kindGuard)
	g := st.s.guard
	g.mu.Lock()
	for id := range g.refused {
		r.Element(fieldRefused, []byte(id.String()))
	}
	g.mu.Unlock()
	if err := to.Write(r); err != nil || st.worker == nil {
		return err
	}
	return st.worker.HandOver(to)
}

// GoOn has the chat go on as if nothing had happened.
func (st *Standstill) GoOn() {
	if st.worker != nil {
		st.worker.GoOn()
	}
}

// leavePatience is how long requests of the page that are under way may take.
const leavePatience = 5 * time.Second

// Leave ends the chat, which another process has taken over: Serve returns when
// the requests that are under way are answered.
func (st *Standstill) Leave() {
	s := st.s
	s.leaving.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), leavePatience)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			_ = s.http.Close()
		}
	})
	if st.worker != nil {
		st.worker.Leave()
	}
}

// TakeOver makes s, which does not serve yet, what another process's chat is. Serve
// goes on with it.
func (s *Server) TakeOver(from *handover.Taker) error {
	f, err := from.Read()
	if err != nil {
		return err
	}
	if f.Kind() != kindGuard {
		return fmt.Errorf("chat: %w: kind %d comes first", handover.ErrMalformed, f.Kind())
	}
	s.guard.mu.Lock()
	for f.Next() {
		if f.Field() != fieldRefused {
			continue
		}
		id, parseErr := gatewayclient.ParseClientID(f.Text())
		err = errors.Join(err, parseErr)
		s.guard.refused[id] = true
	}
	s.guard.mu.Unlock()
	if err = errors.Join(err, f.Err()); err != nil {
		return err
	}
	if s.worker != nil {
		return s.worker.TakeOver(from)
	}
	for err == nil { // the other process had a worker
		_, err = from.Read()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
