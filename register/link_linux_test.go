package register

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/handovertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// linker is an Announcer or a Watcher.
type linker interface {
	StandStill(context.Context) (*HeldLinks, error)
	Adopt(*TakenLink) bool
	Run(context.Context) error
}

// passLinks has to take over what from holds. run is what runs to.
func passLinks(t *testing.T, from, to linker, run func()) {
	t.Helper()
	var held *HeldLinks
	var links []*TakenLink
	err := handovertest.Pass(t, func() (err error) {
		ctx, cancel := context.WithTimeout(context.Background(), handovertest.Patience)
		defer cancel()
		held, err = from.StandStill(ctx)
		return err
	}, nil, handovertest.Part{
		Name: "links",
		Give: func(g *handover.Giver) error { return held.HandOver(g) },
		Take: func(tk *handover.Taker) error {
			for {
				f, err := tk.Read()
				if err != nil {
					return nil // the end
				}
				if f.Kind() == KindList {
					if err := to.(*Watcher).TakeList(f); err != nil {
						return err
					}
					continue
				}
				link, err := TakeLink(tk, f)
				if err != nil {
					return err
				}
				links = append(links, link)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	held.Leave()
	for _, l := range links {
		if !to.Adopt(l) {
			t.Errorf("the link to %s is not adopted", l.Address)
			l.Close()
		}
	}
	run()
}

// runs has a linker run until the test ends, and returns how it ended.
func runs(t *testing.T, l linker) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = l.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// TestHandoverOfAnnouncer hands announcements over again and again: a Register
// that is pinged gets whole lines, and no second announcement.
func TestHandoverOfAnnouncer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	opts := ClientOptions{
		RegisterAddresses: []string{strings.Replace(ln.Addr().String(), "127.0.0.1", "localhost", 1)}, // is pinged
		PingInterval:      2 * time.Millisecond,
		ConnectTimeout:    patience,
		Logger:            quiet(),
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, ln.Addr().String())
		},
	}
	a := newAnnouncer(t, "g:1", opts)
	runs(t, a)
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, nc)
	p.expect(strings.TrimSpace(asGateway("g:1")))
	for range 20 {
		p.expect(`{"event":"ping"}`)
		next := newAnnouncer(t, "g:1", opts)
		passLinks(t, a, next, func() { runs(t, next) })
		a = next
		p.expect(`{"event":"ping"}`)
	}
}

// TestHandoverOfWatcher: the list and half a line pass; a Register that the next
// one does not name is let go.
func TestHandoverOfWatcher(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	opts := ClientOptions{RegisterAddresses: []string{ln.Addr().String()}, ConnectTimeout: patience, Logger: quiet()}
	lists := make(chan []string, 10)
	watcher := func() *Watcher { return newWatcher(t, func(l []string) { lists <- l }, opts) }
	expect := func(want ...string) {
		t.Helper()
		select {
		case got := <-lists:
			if !slices.Equal(got, want) {
				t.Fatalf("got the list %q, want %q", got, want)
			}
		case <-time.After(patience):
			t.Fatalf("no list, want %q", want)
		}
	}
	w := watcher()
	runs(t, w)
	nc, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, nc)
	p.expect(strings.TrimSpace(asWorker))
	line := list(`["g:1"]`) + "\n"
	p.send(line + line[:20])
	expect("g:1")
	for i := range 3 {
		next := watcher()
		passLinks(t, w, next, func() { runs(t, next) })
		w = next
		expect("g:1") // from the other process
		testwait.Until(t, "the link stands", func() bool { return w.Connected() == 1 })
		if i == 1 {
			p.send(line[20:])
			expect("g:1")
			p.send(line[:7])
		}
	}
	p.send(line[7:])
	expect("g:1")
	if err := w.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	opts.RegisterAddresses = []string{"127.0.0.1:1"}
	other := watcher()
	held, err := w.StandStill(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	held.GoOn() // a failure: all is as before
	p.send(line)
	expect("g:1")
	a, b := net.Pipe()
	link := &TakenLink{Address: ln.Addr().String(), nc: a}
	if other.Adopt(link) {
		t.Error("a link to a Register that is not named is adopted")
	}
	link.Close()
	if _, err := b.Read(make([]byte, 1)); err == nil || errors.Is(err, net.ErrClosed) {
		t.Errorf("the Register reads %v", err)
	}
}
