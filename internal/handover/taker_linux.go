package handover

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Taker is the side of the program that takes the state over. One goroutine uses
// it, step by step: Agree; Prepared; Part until io.EOF, and for each part Read
// and File until io.EOF; Serve.
type Taker struct {
	s       *stream
	part    *string // that begins, Part has not returned it yet
	over    bool    // all parts have come
	version uint64
	records uint64
	offered uint64 // files, by the giver's count
}

// NewTaker takes the two files that the giver passed, in their order. It owns
// them.
func NewTaker(records, files *os.File) (*Taker, error) {
	r, err := UnixConn(records)
	if err != nil {
		_ = files.Close()
		return nil, err
	}
	f, err := UnixConn(files)
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	t := &Taker{s: newStream(r, f)}
	go t.s.receiveFiles()
	return t, nil
}

// Agree says Hello as program, and returns the parts that the giver offers.
func (t *Taker) Agree(program string, limit time.Duration) (parts []string, err error) {
	t.s.within(limit)
	hello := NewRecord(kindHello)
	hello.Uint(fieldOldest, OldestVersion)
	hello.Uint(fieldNewest, Version)
	hello.String(fieldProgram, program)
	if err := t.s.send(hello); err != nil {
		return nil, err
	}
	f, err := t.s.expect(kindOffer)
	if err != nil {
		return nil, err
	}
	for f.Next() {
		switch f.Field() {
		case fieldVersion:
			t.version = f.Uint()
		case fieldPart:
			parts = append(parts, f.Text())
		case fieldFileCount:
			t.makeRoom(f.Uint())
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	if t.version < OldestVersion || t.version > Version {
		return nil, fmt.Errorf("%w: the giver writes version %d, this one reads %d to %d", ErrVersion, t.version, OldestVersion, Version)
	}
	return parts, nil
}

// makeRoom has the kernel make this process's table of descriptors large enough. It
// would do so by and by, and wait each time until no processor looks at the
// smaller one any more.
func (t *Taker) makeRoom(files uint64) {
	const most = 1 << 20
	raw, err := t.s.records.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if high, err := unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, int(min(files, most))+64); err == nil {
			_ = unix.Close(high)
		}
	})
}

// Prepared says that the giver may stop serving and send its records, which have
// limit to come.
func (t *Taker) Prepared(limit time.Duration) error {
	t.s.within(limit)
	return t.s.send(NewRecord(kindPrepared))
}

// Part returns the name of the next part, and io.EOF after the last.
func (t *Taker) Part() (name string, err error) {
	for t.part == nil {
		if t.over {
			return "", io.EOF
		}
		switch f, err := t.read(); {
		case errors.Is(err, io.EOF):
		case err != nil:
			return "", err
		default:
			return "", fmt.Errorf("%w: kind %d outside of a part", ErrMalformed, f.Kind())
		}
	}
	name, t.part = *t.part, nil
	return name, nil
}

// Read returns the next record of the part, valid until the next call, and io.EOF
// after the last.
func (t *Taker) Read() (*Fields, error) {
	if t.part != nil || t.over {
		return nil, io.EOF
	}
	return t.read()
}

func (t *Taker) read() (*Fields, error) {
	f, err := t.s.read()
	if err != nil {
		return nil, err
	}
	switch f.Kind() {
	case kindRefused:
		return nil, refused(f)
	case kindPart:
		t.part = new(string)
		for f.Next() {
			if f.Field() == fieldName {
				*t.part = f.Text()
			}
		}
		return nil, cmp.Or(f.Err(), io.EOF)
	case kindEnd:
		t.over = true
		return nil, t.ended(f)
	}
	if f.Kind() < FirstKind {
		return nil, fmt.Errorf("%w: kind %d among the records", ErrMalformed, f.Kind())
	}
	t.records++
	return f, nil
}

// ended checks that all that was sent has come.
func (t *Taker) ended(f *Fields) error {
	var records uint64
	for f.Next() {
		switch f.Field() {
		case fieldRecords:
			records = f.Uint()
		case fieldFiles:
			t.offered = f.Uint()
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	if records != t.records {
		return fmt.Errorf("%w: %d records came, %d were sent", ErrMalformed, t.records, records)
	}
	return io.EOF
}

// File returns the descriptor that a number in a record stands for, and waits
// for it if it is still to come. It can be taken once, and is the caller's.
func (t *Taker) File(number uint64) (fd int, err error) { return t.s.take(number) }

// Serve says that everything is restored, waits for the giver's word, and says
// that this process serves from now on. When it returns nil the giver touches
// nothing any more, and the caller may begin; after an error the giver goes on,
// and the caller must end without a word to any peer.
func (t *Taker) Serve() error {
	if err := t.s.send(NewRecord(kindReady)); err != nil {
		return err
	}
	if _, err := t.s.expect(kindGo); err != nil {
		return err
	}
	return t.s.send(NewRecord(kindServing))
}

// Refuse tells the giver why this process does not take over.
func (t *Taker) Refuse(reason string) {
	r := NewRecord(kindRefused)
	r.String(fieldReason, reason)
	_ = t.s.send(r)
}

// Close closes the sockets, and the files that were not taken.
func (t *Taker) Close() {
	t.s.close()
	<-t.s.reading
	t.s.closeRest()
}
