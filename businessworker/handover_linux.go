package businessworker

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// A worker passes to another process as records: one of the worker, those of
// register.HeldLinks, one for each connection to a gateway, one for each client
// that is known.
const (
	kindWorker = handover.FirstKind + iota
	kindGateway
	kindClient
)

// fieldCount is one for each of Worker.counters.
const fieldCount = 1

// Fields of a connection's record.
const (
	fieldFile = 1 + iota
	fieldAddress
	fieldUnread
	fieldOut
	fieldCommands
	fieldConfirmed
	fieldProbe         // one for each
	fieldProbeCommands // behind its probe
)

// Fields of a client's.
const (
	fieldID = 1 + iota
	fieldKnown
	fieldVersion
	fieldChanged
	fieldOrphaned
	fieldEvent // one for each that waits
)

// Standstill is a worker that handles nothing, and neither reads nor writes, so
// that its state can be handed to another process; see [Worker.StandStill].
type Standstill struct {
	w     *Worker
	links *register.HeldLinks
	conns []*gatewayConn
}

// StandStill lets no further handler begin, waits for those that run, and stops
// everything else. Nothing is lost meanwhile: events that were read wait, and pass;
// what gateways send waits in the kernel. Either [Standstill.GoOn] or
// [Standstill.Leave] has to follow soon. The gateways must serve until it returns, as
// handlers ask them.
//
// It fails if ctx ends first, such as because a handler takes its time, and while
// the worker does not run; the worker then goes on.
func (w *Worker) StandStill(ctx context.Context) (*Standstill, error) {
	select {
	case <-w.gateways.ready:
	case <-w.intake.Done():
		return nil, ErrWorkerClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("businessworker: OnStart has not returned: %w", ctx.Err())
	}
	if running, err := w.dispatcher.pause(ctx); err != nil { // without the lock: a handler may take it
		w.dispatcher.resume()
		return nil, fmt.Errorf("businessworker: %d handlers take too long: %w", running, err)
	}
	w.standstill.Lock()
	s := &Standstill{w: w}
	if err := s.hold(ctx); err != nil {
		s.GoOn()
		return nil, err
	}
	return s, nil
}

// hold stops everything but handlers, of which none runs.
func (s *Standstill) hold(ctx context.Context) error {
	w := s.w
	w.mu.Lock()
	stops := w.stop != nil
	w.mu.Unlock()
	if stops {
		return ErrWorkerClosed
	}
	var ins []*handover.Conn
	for _, gc := range *w.gateways.conns.Load() {
		s.conns = append(s.conns, gc)
		ins = append(ins, gc.in)
	}
	if err := handover.HoldAll(ctx, ins...); err != nil {
		return fmt.Errorf("businessworker: reading does not come to a stand: %w", err)
	}
	if err := w.pool.Flush(ctx); err != nil && ctx.Err() != nil {
		return fmt.Errorf("businessworker: commands to gateways without a connection of the worker's are not sent: %w", err)
	}
	for _, gc := range s.conns {
		if err := gc.out.Hold(ctx); err != nil {
			return fmt.Errorf("businessworker: commands to gateway %s do not come to a stand: %w", gc.addr, err)
		}
	}
	var err error
	s.links, err = w.watcher.StandStill(ctx)
	return err
}

// HandOver writes the worker to another process, for [Worker.TakeOver]. The worker
// is as before: GoOn or Leave has to follow.
func (s *Standstill) HandOver(to *handover.Giver) error {
	w := s.w
	r := handover.NewRecord(kindWorker)
	for _, c := range w.counters() {
		r.Uint(fieldCount, c.Load()+1) // never left out
	}
	if err := to.Write(r); err != nil {
		return err
	}
	passed := map[gatewayprotocol.GatewayAddress]bool{}
	for _, gc := range s.conns {
		if gc.in.Ended() {
			continue
		}
		passed[gc.addr] = true
		if err := gc.save(to, r); err != nil {
			return fmt.Errorf("businessworker: the connection to gateway %s: %w", gc.addr, err)
		}
	}
	if err := w.dispatcher.save(to, r, passed); err != nil {
		return err
	}
	return s.links.HandOver(to)
}

func (gc *gatewayConn) save(to *handover.Giver, r *handover.Record) error {
	lane, err := gc.lane.Save()
	if err != nil {
		return err
	}
	number, err := to.Socket(gc.net)
	if err != nil {
		return err
	}
	r.Reset(kindGateway)
	r.Uint(fieldFile, number)
	r.String(fieldAddress, gc.addr.String())
	r.Bytes(fieldUnread, gc.reader.unread())
	r.Bytes(fieldOut, gc.out.Pending())
	r.Uint(fieldCommands, lane.Commands)
	r.Uint(fieldConfirmed, lane.Confirmed)
	for _, p := range lane.Probes {
		r.Uint(fieldProbe, uint64(p.Kind+1))
		r.Uint(fieldProbeCommands, p.Commands)
	}
	return to.Write(r)
}

// save writes the clients, each with its events, those first whose turn is first.
// Of gateways whose connections do not pass only clients with events do.
func (d *dispatcher) save(to *handover.Giver, r *handover.Record, passed map[gatewayprotocol.GatewayAddress]bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := d.ready.first; c != nil; c = c.next {
		if err := c.save(to, r); err != nil {
			return err
		}
	}
	for gateway, clients := range d.clients.gateways {
		if !passed[gateway] {
			continue
		}
		for _, c := range clients {
			if c.first != nil {
				continue
			}
			if err := c.save(to, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *clientState) save(to *handover.Giver, r *handover.Record) error {
	r.Reset(kindClient)
	r.String(fieldID, c.id.String())
	r.Bool(fieldKnown, c.known)
	r.Uint(fieldVersion, uint64(c.version))
	r.Bool(fieldChanged, c.changed.Load())
	r.Bool(fieldOrphaned, c.orphaned)
	var frame []byte
	for e := c.first; e != nil; e = e.next {
		frame = gatewayprotocol.AppendMessage(frame[:0], &e.msg)
		r.Element(fieldEvent, frame)
	}
	return to.Write(r)
}

// GoOn has the worker go on as if nothing had happened.
func (s *Standstill) GoOn() {
	for _, gc := range s.conns {
		gc.in.Release()
		gc.out.Release()
	}
	if s.links != nil {
		s.links.GoOn()
	}
	s.w.standstill.Unlock()
	s.w.dispatcher.resume()
}

// Leave ends the worker, which another process has taken over: Run returns
// [ErrLeft], no gateway is told anything, and OnStop is not called. What the
// program asks and commands outside of handlers fails from now on.
func (s *Standstill) Leave() {
	w := s.w
	stop, first := w.beginStopStanding()
	w.gateways.stop()
	w.stopIntake()
	s.links.Leave()
	for _, gc := range s.conns {
		gc.in.Leave()
		gc.out.Leave()
	}
	w.standstill.Unlock()
	<-w.watched
	w.gateways.wg.Wait()
	w.close()
	if first { // always: a stop begins while nothing stands still
		stop.err = ErrLeft
		close(stop.done)
	}
}

var errTaken = errors.New("businessworker: TakeOver comes before Run, once")
