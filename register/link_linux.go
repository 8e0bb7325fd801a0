package register

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// KindLink and KindList are the kinds of the records that [HeldLinks.HandOver]
// writes, among those of its caller.
const (
	KindLink = handover.FirstKind + 48 + iota
	KindList
)

// Fields of a link's record.
const (
	fieldLinkAddress = 1 + iota
	fieldLinkFile
	fieldLinkAccepted
	fieldLinkLimit // microseconds
	fieldLinkPing  // microseconds
	fieldLinkUnread
	fieldLinkOut
)

// fieldListed is a gateway of a Watcher's list.
const fieldListed = 1

// HeldLinks are the connections of an [Announcer] or a [Watcher] to the Registers,
// which are neither read nor written, so that another process can have them; see
// [Announcer.StandStill]. Either [HeldLinks.GoOn] or [HeldLinks.Leave] has to
// follow soon.
type HeldLinks struct {
	links   *links
	watcher *Watcher // nil of an Announcer
	held    []*handover.Conn
	conns   []*handover.Conn // of links.each; nil where there is none
}

// StandStill stops reading and writing on the connections, and beginning new ones.
// It fails if ctx ends first; the Announcer then goes on.
func (a *Announcer) StandStill(ctx context.Context) (*HeldLinks, error) {
	return a.links.standStill(ctx, nil)
}

// StandStill stops reading and writing on the connections, and beginning new ones.
// It fails if ctx ends first; the Watcher then goes on.
func (w *Watcher) StandStill(ctx context.Context) (*HeldLinks, error) {
	return w.links.standStill(ctx, w)
}

func (l *links) standStill(ctx context.Context, w *Watcher) (*HeldLinks, error) {
	l.standstill.Lock()
	h := &HeldLinks{links: l, watcher: w}
	for _, k := range l.each {
		k.mu.Lock()
		h.conns = append(h.conns, k.conn)
		if k.conn != nil {
			h.held = append(h.held, k.conn)
		}
		k.mu.Unlock()
	}
	if err := handover.HoldAll(ctx, h.held...); err != nil {
		h.GoOn()
		return nil, fmt.Errorf("register: the connections to Registers do not come to a stand: %w", err)
	}
	return h, nil
}

// HandOver writes the connections as records of the kind [KindLink], for
// [TakeLink], and the Watcher's list as one of the kind [KindList]. A Register
// that is not connected has none: the other process dials.
func (h *HeldLinks) HandOver(to *handover.Giver) error {
	var r handover.Record
	if w := h.watcher; w != nil {
		if list, told := w.Addresses(); told {
			r.Reset(KindList)
			for _, address := range list {
				r.Element(fieldListed, []byte(address))
			}
			if err := to.Write(&r); err != nil {
				return err
			}
		}
	}
	for i, k := range h.links.each {
		conn := h.conns[i]
		if conn == nil || conn.Ended() {
			continue
		}
		r.Reset(KindLink)
		number, err := to.Socket(conn.Conn)
		if err != nil {
			return err
		}
		r.Uint(fieldLinkFile, number)
		r.String(fieldLinkAddress, k.addr)
		r.Uint(fieldLinkLimit, uint64(conn.ReadLimit().Microseconds()))
		r.Bytes(fieldLinkUnread, k.lines.unread())
		out := conn.Unwritten()
		r.Bytes(fieldLinkOut, out)
		k.mu.Lock()
		r.Bool(fieldLinkAccepted, k.up)
		ping := time.Until(k.ping)
		k.mu.Unlock()
		if len(out) > 0 { // this is the one that is due
			ping = h.links.opts.PingInterval
		}
		r.Uint(fieldLinkPing, uint64(max(0, ping.Microseconds())))
		if err := to.Write(&r); err != nil {
			return err
		}
	}
	return nil
}

// GoOn lets reading and writing go on.
func (h *HeldLinks) GoOn() {
	for _, c := range h.held {
		c.Release()
	}
	h.links.standstill.Unlock()
}

// Leave ends Run; the connections are the other process's, and no Register is told
// anything.
func (h *HeldLinks) Leave() {
	h.links.left = true
	for _, c := range h.held {
		c.Leave()
	}
	h.links.standstill.Unlock()
}

// TakeLink returns the connection that a record of the kind [KindLink] is about.
// Nothing is read or written on it before it is adopted and Run is called.
func TakeLink(from *handover.Taker, f *handover.Fields) (*TakenLink, error) {
	t := new(TakenLink)
	var err error
	for f.Next() && err == nil {
		switch f.Field() {
		case fieldLinkAddress:
			t.Address = f.Text()
		case fieldLinkFile:
			t.nc, err = from.Conn(f.Uint())
		case fieldLinkAccepted:
			t.accepted = f.Bool()
		case fieldLinkLimit:
			t.limit = time.Duration(f.Uint()) * time.Microsecond
		case fieldLinkPing:
			t.ping = time.Duration(f.Uint()) * time.Microsecond
		case fieldLinkUnread:
			t.unread = f.Copy()
		case fieldLinkOut:
			t.out = f.Copy()
		}
	}
	if err = errors.Join(err, f.Err()); err == nil && t.nc == nil {
		err = fmt.Errorf("register: %w: a connection to a Register", handover.ErrMalformed)
	}
	return t, err
}

// TakeList makes the list of a record of the kind [KindList] the latest one, and
// calls onList.
func (w *Watcher) TakeList(f *handover.Fields) error {
	list := []string{}
	for f.Next() {
		if f.Field() == fieldListed {
			list = append(list, f.Text())
		}
	}
	if f.Err() == nil {
		w.set(list)
	}
	return f.Err()
}
