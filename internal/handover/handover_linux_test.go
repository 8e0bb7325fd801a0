package handover

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ends returns both sides in one process.
func ends(t *testing.T) (*Giver, *Taker) {
	t.Helper()
	g, files, err := NewGiver()
	if err != nil {
		t.Fatal(err)
	}
	taker, err := NewTaker(files[0], files[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Close()
		taker.Close()
	})
	return g, taker
}

const kindThing = FirstKind

// TestHandover passes more files than fit one message, and records that refer
// to them in another order.
func TestHandover(t *testing.T) {
	const n = 700
	g, taker := ends(t)
	var pipes []*os.File
	failed := make(chan error, 1)
	go func() {
		failed <- func() error {
			if err := g.Agree([]string{"gateway", ""}, patience); err != nil {
				return err
			}
			g.Within(patience)
			if err := g.Part("gateway"); err != nil {
				return err
			}
			var numbers []uint64
			for range n {
				r, w, err := os.Pipe()
				if err != nil {
					return err
				}
				pipes = append(pipes, w)
				number, err := g.File(int(r.Fd()))
				if err != nil {
					return err
				}
				numbers = append(numbers, number)
				pipes = append(pipes, r)
			}
			for i := n - 1; i >= 0; i-- {
				r := NewRecord(kindThing)
				r.Uint(1, uint64(i))
				r.Uint(2, numbers[i])
				r.Bytes(3, make([]byte, 1000+i))
				if err := g.Write(r); err != nil {
					return err
				}
			}
			if err := g.Part(""); err != nil {
				return err
			}
			return g.Commit(func() { t.Error("Commit ended the taker") })
		}()
	}()
	parts, err := taker.Agree("test 1.0", patience)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(parts, ",") != "gateway," {
		t.Errorf("parts %q", parts)
	}
	if err := taker.Prepared(patience); err != nil {
		t.Fatal(err)
	}
	if part, err := taker.Part(); part != "gateway" || err != nil {
		t.Fatalf("part %q, %v", part, err)
	}
	files := map[int]int{}
	for {
		f, err := taker.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var i int
		for f.Next() {
			switch f.Field() {
			case 1:
				i = int(f.Uint())
			case 2:
				if files[i], err = taker.File(f.Uint()); err != nil {
					t.Fatal(err)
				}
				if _, err := taker.File(f.Uint()); !errors.Is(err, ErrMalformed) {
					t.Fatalf("taking a file twice: %v", err)
				}
			case 3:
				if len(f.Bytes()) != 1000+i {
					t.Errorf("%d bytes in record %d", len(f.Bytes()), i)
				}
			}
		}
	}
	if part, err := taker.Part(); part != "" || err != nil {
		t.Fatalf("part %q, %v", part, err)
	}
	if _, err := taker.Read(); err != io.EOF {
		t.Fatalf("an empty part: %v", err)
	}
	if _, err := taker.Part(); err != io.EOF {
		t.Fatalf("after the last part: %v", err)
	}
	if err := taker.Serve(); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if g.Program() != "test 1.0" {
		t.Errorf("program %q", g.Program())
	}
	if len(files) != n {
		t.Fatalf("%d files", len(files))
	}
	// Each file is the one that its record names.
	for i, fd := range files {
		w := pipes[2*i]
		fmt.Fprintf(w, "%d", i)
		p := make([]byte, 10)
		k, err := unix.Read(fd, p)
		if err != nil || string(p[:k]) != fmt.Sprint(i) {
			t.Fatalf("file %d: %q, %v", i, p[:k], err)
		}
		if flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
			t.Fatal("a file would be passed to child processes")
		}
		_ = unix.Close(fd)
	}
	for _, f := range pipes {
		f.Close()
	}
}

// TestTakerFails has the taker do wrong at each step: the giver is told, and
// ends the taker before it goes on.
func TestTakerFails(t *testing.T) {
	agree := func(tk *Taker) error {
		_, err := tk.Agree("test", patience)
		return err
	}
	prepared := func(tk *Taker) error {
		if err := agree(tk); err != nil {
			return err
		}
		return tk.Prepared(patience)
	}
	readAll := func(tk *Taker) error {
		if err := prepared(tk); err != nil {
			return err
		}
		return takeAll(tk)
	}
	var refused *RefusedError
	for _, tt := range []struct {
		name  string
		taker func(*Taker) error // then it is closed
		want  func(error) bool
	}{
		{"nothing is said", func(*Taker) error { return nil }, func(err error) bool { return errors.Is(err, ErrPeerGone) }},
		{"gone after Hello", agree, func(err error) bool { return errors.Is(err, ErrPeerGone) }},
		{"refuses the configuration", func(tk *Taker) error {
			err := agree(tk)
			tk.Refuse("no such port")
			return err
		}, func(err error) bool { return errors.As(err, &refused) && refused.Reason == "no such port" }},
		{"gone after Prepared", prepared, func(err error) bool { return err != nil }},
		{"gone after one record", func(tk *Taker) error {
			if err := prepared(tk); err != nil {
				return err
			}
			_, err := tk.Part()
			return err
		}, func(err error) bool { return err != nil }},
		{"gone after all records", readAll, func(err error) bool { return errors.Is(err, ErrPeerGone) }},
		{"refuses the records", func(tk *Taker) error {
			err := readAll(tk)
			tk.Refuse("no memory")
			return err
		}, func(err error) bool { return errors.As(err, &refused) && refused.Reason == "no memory" }},
		{"gone after Ready", func(tk *Taker) error {
			if err := readAll(tk); err != nil {
				return err
			}
			return tk.s.send(NewRecord(kindReady))
		}, func(err error) bool { return err != nil }},
		{"a foreign version", func(tk *Taker) error {
			tk.s.within(patience)
			hello := NewRecord(kindHello)
			hello.Uint(fieldOldest, Version+1)
			hello.Uint(fieldNewest, Version+2)
			return tk.s.send(hello)
		}, func(err error) bool { return errors.Is(err, ErrVersion) }},
		{"a version from before all", func(tk *Taker) error {
			tk.s.within(patience)
			return tk.s.send(NewRecord(kindHello))
		}, func(err error) bool { return errors.Is(err, ErrVersion) }},
		{"no records at all", func(tk *Taker) error {
			_, err := tk.s.records.Write([]byte("HTTP/1.1 400 Bad Request\r\n"))
			return err
		}, func(err error) bool { return err != nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, taker := ends(t)
			gone := make(chan error, 1)
			go func() {
				err := tt.taker(taker)
				taker.Close()
				gone <- err
			}()
			ended := false
			err := g.Agree([]string{"gateway"}, patience)
			if err == nil {
				g.Within(patience)
				err = g.Part("gateway")
				for range 10 {
					if err != nil {
						break
					}
					if err = g.Write(NewRecord(kindThing)); err != nil {
						break
					}
				}
				if err == nil {
					err = g.Commit(func() { ended = true })
				}
				if err != nil && !ended {
					t.Error("the taker was not ended")
				}
			}
			if !tt.want(err) {
				t.Errorf("the giver got %v", err)
			}
			if err := <-gone; err != nil && !errors.Is(err, ErrPeerGone) {
				t.Errorf("the taker got %v", err)
			}
		})
	}
}

// TestGiverFails has the giver go away at each step: the taker ends, having
// served nothing.
func TestGiverFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		giver func(*Giver) error
	}{
		{"at once", func(*Giver) error { return nil }},
		{"after the offer", func(g *Giver) error { return g.Agree(nil, patience) }},
		{"among the records", func(g *Giver) error {
			if err := g.Agree(nil, patience); err != nil {
				return err
			}
			if err := g.Part("gateway"); err != nil {
				return err
			}
			if err := g.Write(NewRecord(kindThing)); err != nil {
				return err
			}
			return g.s.flush()
		}},
		{"after some lost records", func(g *Giver) error {
			if err := g.Agree(nil, patience); err != nil {
				return err
			}
			end := NewRecord(kindEnd)
			end.Uint(fieldRecords, 3)
			return g.send(end)
		}},
		{"before Go", func(g *Giver) error {
			if err := g.Agree(nil, patience); err != nil {
				return err
			}
			if err := g.send(NewRecord(kindEnd)); err != nil {
				return err
			}
			_, err := g.expect(kindReady)
			return err
		}},
		{"a record of no part", func(g *Giver) error {
			if err := g.Agree(nil, patience); err != nil {
				return err
			}
			return g.send(NewRecord(kindThing))
		}},
		{"it refuses", func(g *Giver) error {
			err := g.Agree(nil, patience)
			g.Refuse("shutting down")
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, taker := ends(t)
			gone := make(chan error, 1)
			go func() {
				err := tt.giver(g)
				g.Close()
				gone <- err
			}()
			err := func() error {
				if _, err := taker.Agree("test", patience); err != nil {
					return err
				}
				if err := taker.Prepared(patience); err != nil {
					return err
				}
				if err := takeAll(taker); err != nil {
					return err
				}
				return taker.Serve()
			}()
			if err == nil {
				t.Error("the taker serves")
			}
			if err := <-gone; err != nil {
				t.Error(err)
			}
		})
	}
}

// takeAll reads all parts.
func takeAll(tk *Taker) error {
	for {
		if _, err := tk.Part(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		for {
			if _, err := tk.Read(); err == io.EOF {
				break
			} else if err != nil {
				return err
			}
		}
	}
}

// TestSilentPeers: a side that stays silent holds the other for the time limit
// only.
func TestSilentPeers(t *testing.T) {
	g, taker := ends(t)
	if err := g.Agree(nil, 20*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the giver got %v", err)
	}
	if _, err := taker.Agree("test", 20*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the taker got %v", err)
	}
	if _, err := taker.File(1); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("waiting for a file: %v", err)
	}
}

func TestNotSockets(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewTaker(r, w); err == nil {
		t.Error("a pipe was taken for a socket")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	g, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewTaker(f, g); err == nil {
		t.Error("a listener was taken for a connection")
	}
}
