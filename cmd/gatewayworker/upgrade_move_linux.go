package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/admin"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/holder"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/sdnotify"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// The records of processPart, which is the first that passes.
const (
	processPart = "process"

	kindProcess = handover.FirstKind + iota - 1
	kindPort
)

// Fields of kindProcess.
const (
	fieldVersion = 1 + iota
	fieldHolder
	fieldHolderFile
)

// Fields of kindPort.
const (
	fieldPortName = 1 + iota
	fieldPortAddress
	fieldPortFile
)

// handOver has all parts stand still and hands them over. After an error they have
// gone on.
func (p *process) handOver(s *successorProcess, opts upgradeOptions, report *upgradeReport, servers []server) error {
	m := &moving{p: p, s: s}
	if err := m.prepareHolder(); err != nil {
		s.giver.Refuse(err.Error())
		s.end()
		return err
	}
	report.PID, report.MemoryOld = m.holderPID, admin.ResidentMemory(os.Getpid())
	ctx, cancel := context.WithTimeout(context.Background(), opts.maxPause)
	defer cancel()
	sdnotify.Send(sdnotify.Reloading) // the process that serves then, this one or the new one, is ready
	begun := time.Now()
	pass, _ := movers(servers)
	err := m.standStill(ctx, pass)
	if err == nil {
		s.giver.Within(max(opts.maxPause-time.Since(begun), time.Millisecond)) // 0 would be no limit
		err = m.give()
	}
	if err == nil {
		err = s.giver.Commit(s.end)
	}
	report.Pause = inMilliseconds(time.Since(begun))
	if err != nil {
		s.end()
		m.goOn()
		sdnotify.Send(sdnotify.Ready)
		return s.giver.Reason(err)
	}
	report.MemoryNew = admin.ResidentMemory(s.pid)
	for _, still := range m.still {
		if c, ok := still.(interface{ Count() (clients, inner int) }); ok {
			clients, inner := c.Count()
			report.Clients += clients
			report.Inner += inner
		}
	}
	report.Relayed = m.leave()
	return nil
}

// moving is the handing over of one process.
type moving struct {
	p         *process
	s         *successorProcess
	holder    *holder.Holder // that this process becomes; nil if another one is it
	holderPID int
	parts     []mover
	still     []standstill
	held      []*handover.Listener
	linkHeld  bool
}

// prepareHolder makes this process ready to hold the pid, unless another one
// holds it already.
func (m *moving) prepareHolder() (err error) {
	if m.p.link() != nil {
		m.holderPID = m.p.link().Holder()
		return nil
	}
	m.holderPID = os.Getpid()
	m.holder, err = holder.New()
	return err
}

func (m *moving) standStill(ctx context.Context, parts []mover) error {
	if m.p.link() != nil {
		m.linkHeld = true
		if err := m.p.link().Hold(ctx); err != nil {
			return err
		}
	}
	for _, port := range m.p.ports {
		if held, ok := port.ln.(*handover.Listener); ok {
			m.held = append(m.held, held)
			if err := held.Hold(ctx); err != nil {
				return fmt.Errorf("the listener of %s does not come to a stand: %w", port.name, err)
			}
		}
	}
	for _, part := range parts {
		still, err := part.standStill(ctx)
		if err != nil {
			return err
		}
		m.parts, m.still = append(m.parts, part), append(m.still, still)
	}
	return nil
}

// give hands over what stands still.
func (m *moving) give() error {
	if err := m.giveProcess(); err != nil {
		return err
	}
	for i, part := range slices.Backward(m.parts) {
		if err := m.s.giver.Part(part.part()); err != nil {
			return err
		}
		if err := m.still[i].HandOver(m.s.giver); err != nil {
			return err
		}
	}
	return nil
}

// giveProcess hands over what is the process's own.
func (m *moving) giveProcess() error {
	if err := m.s.giver.Part(processPart); err != nil {
		return err
	}
	var r handover.Record
	number, err := m.s.giver.File(m.linkFile())
	if err != nil {
		return err
	}
	r.Reset(kindProcess)
	r.String(fieldVersion, version())
	r.Uint(fieldHolder, uint64(m.holderPID))
	r.Uint(fieldHolderFile, number)
	if err := m.s.giver.Write(&r); err != nil {
		return err
	}
	for _, port := range m.p.ports {
		if err := m.givePort(&r, port); err != nil {
			return fmt.Errorf("the listener of %s: %w", port.name, err)
		}
	}
	return nil
}

// linkFile is the way to the process that holds the pid.
func (m *moving) linkFile() int {
	if m.holder != nil {
		return int(m.holder.Link().Fd())
	}
	return m.p.link().Sysfd()
}

func (m *moving) givePort(r *handover.Record, p port) error {
	number, err := m.s.giver.Socket(bare(p.ln))
	if err != nil {
		return err
	}
	r.Reset(kindPort)
	r.String(fieldPortName, p.name)
	r.String(fieldPortAddress, p.address)
	r.Uint(fieldPortFile, number)
	return m.s.giver.Write(r)
}

// bare is the listener of package net in l.
func bare(l net.Listener) net.Listener {
	if held, ok := l.(*handover.Listener); ok {
		return held.Listener
	}
	return l
}

// leave is the end of this process as one that serves. Peers see nothing of it. It
// returns for how many clients the process goes on all the same.
func (m *moving) leave() (relayed int) {
	p := m.p
	p.upgrading.moved.Store(true)
	if m.holder != nil {
		p.hold(m.holder, m.s.pid)
	} else {
		p.link().Serving(m.s.pid)
		p.link().Close()
	}
	for _, still := range m.still {
		still.Leave()
	}
	relayed = p.keepRelays(m.still)
	if relayed > 0 {
		p.log.Infof("%d clients speak TLS, whose keys cannot be moved: this process, %d, goes on between them and the one that serves, until they leave", relayed, os.Getpid())
	}
	return relayed
}

// hold has this process hold the pid from now on.
func (p *process) hold(h *holder.Holder, pid int) {
	channels := []<-chan os.Signal{p.stops, p.hangups, p.upgrades, p.otherSignals()}
	if p.master != nil {
		channels = append(channels, p.master.signals)
	}
	ended := make(chan func(), 1)
	go func() {
		status := h.Hold(pid, channels...)
		ended <- func() { holder.EndAs(status) }
	}()
	p.app.Metadata[holdingName] = ended
}

// leavePatience is how long requests of pages and of the control socket that are
// under way when another process has taken over may take.
const leavePatience = 5 * time.Second

// leaveRest ends the servers that are no movers. Another process has their
// listeners.
func (p *process) leaveRest(servers []server) {
	for _, port := range p.ports {
		if u, ok := bare(port.ln).(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), leavePatience)
	defer cancel()
	var all sync.WaitGroup
	_, rest := movers(servers)
	for _, s := range rest {
		all.Go(func() {
			var err error
			if l, ok := s.(leaver); ok {
				err = l.leave(ctx)
			} else {
				err = s.Shutdown(ctx)
			}
			if err != nil {
				_ = s.Close()
			}
		})
	}
	for _, port := range p.ports {
		if held, ok := port.ln.(*handover.Listener); ok {
			held.Leave()
		}
	}
	all.Wait()
}

func (m *moving) goOn() {
	for _, still := range slices.Backward(m.still) {
		still.GoOn()
	}
	for _, l := range m.held {
		l.Release()
	}
	if m.linkHeld {
		m.p.link().Release()
	}
	if m.holder != nil {
		m.holder.Close()
	}
}
