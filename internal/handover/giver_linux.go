package handover

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Giver is the side of the program that hands its state over. One goroutine
// uses it, step by step: Agree; for each part Part, File and Write; Commit.
type Giver struct {
	s       *stream
	program string
	records uint64
	gone    bool // Go was sent
	files   int  // about how many will pass
}

// NewGiver makes the sockets. files are the taker's ends: give them to its
// process, in this order, and close them then.
func NewGiver() (g *Giver, files []*os.File, err error) {
	records, theirRecords, err := UnixPair(unix.SOCK_STREAM, "handover records")
	if err != nil {
		return nil, nil, err
	}
	fds, theirFiles, err := UnixPair(unix.SOCK_STREAM, "handover files")
	if err != nil {
		_ = records.Close()
		_ = theirRecords.Close()
		return nil, nil, err
	}
	return &Giver{s: newStream(records, fds)}, []*os.File{theirRecords, theirFiles}, nil
}

// Agree waits for the taker's Hello, offers it the parts, and waits until it is
// prepared to take them. The errors are [ErrVersion], [*RefusedError],
// [ErrPeerGone], and os.ErrDeadlineExceeded after limit.
func (g *Giver) Agree(parts []string, limit time.Duration) error {
	g.s.within(limit)
	f, err := g.expect(kindHello)
	if err != nil {
		return err
	}
	var oldest, newest uint64
	for f.Next() {
		switch f.Field() {
		case fieldOldest:
			oldest = f.Uint()
		case fieldNewest:
			newest = f.Uint()
		case fieldProgram:
			g.program = f.Text()
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	if oldest > Version || newest < OldestVersion {
		return fmt.Errorf("%w: %s reads versions %d to %d, this one writes %d to %d", ErrVersion, g.program, oldest, newest, OldestVersion, Version)
	}
	offer := NewRecord(kindOffer)
	offer.Uint(fieldVersion, min(newest, Version))
	offer.Uint(fieldFileCount, uint64(g.files))
	for _, p := range parts {
		offer.Element(fieldPart, []byte(p))
	}
	if err := g.send(offer); err != nil {
		return err
	}
	_, err = g.expect(kindPrepared)
	return err
}

// Files says, before Agree, about how many files will pass, so that the taker can
// make room for them before anything stands still.
func (g *Giver) Files(about int) { g.files = about }

// Program is what the taker calls itself, known after Agree.
func (g *Giver) Program() string { return g.program }

// Within gives the steps that follow, up to the next call, a time limit.
func (g *Giver) Within(limit time.Duration) { g.s.within(limit) }

// File passes an open file. The number that is returned stands for it in the
// records written from now on. fd must stay open until Commit has returned.
func (g *Giver) File(fd int) (number uint64, err error) { return g.s.file(fd) }

// Part begins the records of a part, one of those that were offered.
func (g *Giver) Part(name string) error {
	r := NewRecord(kindPart)
	r.Element(fieldName, []byte(name))
	return g.s.write(r)
}

// Write adds a record, whose memory may be used again at once.
func (g *Giver) Write(r *Record) error {
	g.records++
	return g.s.write(r)
}

// Commit ends the records, waits until the taker has restored everything, and
// lets it serve. When Commit returns nil the taker serves, and the caller must
// do nothing with what it has passed but close it. Commit calls end before it
// returns an error: end ends the taker's process and returns when it has ended,
// so that the caller can go on serving alone.
func (g *Giver) Commit(end func()) error {
	err := g.commit()
	if err == nil {
		return nil
	}
	end()
	// The taker may have said Serving when the time was up already. It has
	// ended now, so the answer is there or will never be.
	g.s.within(0)
	if g.gone {
		if _, late := g.expect(kindServing); late == nil {
			return fmt.Errorf("%w; it had begun to serve", err)
		}
	}
	return err
}

func (g *Giver) commit() error {
	r := NewRecord(kindEnd)
	r.Uint(fieldRecords, g.records)
	r.Uint(fieldFiles, g.s.sent)
	if err := g.send(r); err != nil {
		return err
	}
	if _, err := g.expect(kindReady); err != nil {
		return err
	}
	g.gone = true
	if err := g.send(NewRecord(kindGo)); err != nil {
		return err
	}
	_, err := g.expect(kindServing)
	return err
}

// Refuse tells the taker why nothing comes of it.
func (g *Giver) Refuse(reason string) {
	r := NewRecord(kindRefused)
	r.String(fieldReason, reason)
	_ = g.send(r)
}

// Reason returns why the taker, which has ended, did not go on: what it has said
// last, or else [ErrPeerGone], for an error of a step before.
func (g *Giver) Reason(err error) error {
	var refused *RefusedError
	if errors.As(err, &refused) || !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	g.s.within(0)
	said := ErrMalformed
	for errors.Is(said, ErrMalformed) {
		if _, said = g.expect(kindRefused); errors.As(said, &refused) {
			return refused
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return ErrPeerGone
}

// Close closes the sockets. A taker that is not serving then sees that the giver
// has gone, and ends.
func (g *Giver) Close() { g.s.close() }

func (g *Giver) send(r *Record) error { return g.s.send(r) }

func (g *Giver) expect(kind uint64) (*Fields, error) { return g.s.expect(kind) }
