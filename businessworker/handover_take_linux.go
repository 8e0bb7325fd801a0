package businessworker

import (
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// TakeOver makes w, which has not run yet, what another process's worker is, which
// [Standstill.HandOver] has written. Nothing is read or written on the connections
// until [Worker.Run], which calls OnStart first: for gateways and clients no worker
// has gone or come.
//
// The options may differ from those of the other process; gateways know the
// connections by the other process's worker key until they end. After an error w is
// of no use but to be closed, and the connections are still the other process's.
func (w *Worker) TakeOver(from *handover.Taker) error {
	w.mu.Lock()
	begun := w.started || w.stop != nil
	w.mu.Unlock()
	if begun {
		return errTaken
	}
	w.dispatcher.hold() // until OnStart has returned
	for {
		f, err := from.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
		case f.Kind() == kindWorker:
			err = w.takeCounters(f)
		case f.Kind() == kindGateway:
			err = w.takeConn(from, f)
		case f.Kind() == kindClient:
			err = w.takeClient(f)
		case f.Kind() == register.KindList:
			err = w.watcher.TakeList(f)
		case f.Kind() == register.KindLink:
			var link *register.TakenLink
			if link, err = register.TakeLink(from, f); err == nil {
				w.mu.Lock()
				w.taken = append(w.taken, link)
				w.mu.Unlock()
			}
		}
		if err != nil {
			return err
		}
	}
}

func (w *Worker) takeCounters(f *handover.Fields) error {
	counters := w.counters()
	for f.Next() {
		if f.Field() == fieldCount && len(counters) > 0 {
			counters[0].Store(f.Uint() - 1)
			counters = counters[1:]
		}
	}
	return f.Err()
}

// takeConn makes a connection again. Run serves it.
func (w *Worker) takeConn(from *handover.Taker, f *handover.Fields) error {
	var nc net.Conn
	var address gatewayprotocol.GatewayAddress
	var unread, out []byte
	var lane innerclient.SavedLane
	var err error
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldFile:
			nc, err = from.Conn(f.Uint())
		case fieldAddress:
			address, err = gatewayprotocol.ParseGatewayAddress(f.Text())
		case fieldUnread:
			unread = f.Copy()
		case fieldOut:
			out = f.Copy()
		case fieldCommands:
			lane.Commands = f.Uint()
		case fieldConfirmed:
			lane.Confirmed = f.Uint()
		case fieldProbe:
			lane.Probes = append(lane.Probes, innerclient.SavedProbe{Kind: int(f.Uint()) - 1})
		case fieldProbeCommands:
			if n := len(lane.Probes); n > 0 {
				lane.Probes[n-1].Commands = f.Uint()
			}
		}
	}
	if err = errors.Join(err, f.Err()); err == nil && nc == nil {
		err = fmt.Errorf("businessworker: %w: a connection to a gateway", handover.ErrMalformed)
	}
	if err != nil {
		return err
	}
	gc := w.newGatewayConn(address, nc)
	gc.reader.restore(unread)
	gc.out.Restore(out)
	gc.lane.Restore(lane)
	w.gateways.take(gc)
	return nil
}

// take makes gc a connection of the worker's, which is served when Run allows it.
func (s *gatewaySet) take(gc *gatewayConn) {
	s.mu.Lock()
	if s.taken == nil {
		s.taken = make(map[gatewayprotocol.GatewayAddress]*gatewayConn)
	}
	s.taken[gc.addr] = gc
	s.mu.Unlock()
	s.put(gc)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepLocked(gc.addr)
}

// hold has no handler begin before resume.
func (d *dispatcher) hold() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused = true
}

func (w *Worker) takeClient(f *handover.Fields) error {
	c := new(clientState)
	var events []*Event
	orphaned := false
	var err error
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldID:
			c.id, err = gatewayprotocol.ParseClientID(f.Text())
		case fieldKnown:
			c.known = f.Bool()
		case fieldVersion:
			c.version = uint32(f.Uint())
		case fieldChanged:
			c.changed.Store(f.Bool())
		case fieldOrphaned:
			orphaned = f.Bool()
		case fieldEvent:
			e := new(Event)
			_, err = gatewayprotocol.DecodeMessage(f.Copy(), &e.msg, maxEvent)
			events = append(events, e)
		}
	}
	if err = errors.Join(err, f.Err()); err != nil {
		return err
	}
	gc := w.gateways.conn(c.id.Gateway())
	if gc == nil { // it has ended
		gc = &gatewayConn{addr: c.id.Gateway(), worker: w}
	}
	d := w.dispatcher
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clients.get(c.id) != nil {
		return fmt.Errorf("businessworker: %w: a client comes twice", handover.ErrMalformed)
	}
	d.clients.put(c)
	for _, e := range events {
		if e.ClientID() != c.id {
			return fmt.Errorf("businessworker: %w: an event of another client", handover.ErrMalformed)
		}
		e.conn = gc
		d.addLocked(e)
	}
	c.orphaned = orphaned
	return nil
}
