package connect

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"
)

// Run connects and talks until everything is done, the server closes, or ctx ends.
func Run(ctx context.Context, o Options) error {
	a, err := parseAddress(o.Address, o.Secure)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.Timeout > 0 && (len(o.Expect) > 0 || !o.Typed) {
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, errTimeout)
		defer cancel()
	}
	dialing, stop := ctx, func() {}
	if o.Timeout > 0 {
		dialing, stop = context.WithTimeout(ctx, o.Timeout)
	}
	p := &printer{o: &o}
	begun := time.Now()
	t, err := o.dial(dialing, a)
	stop()
	if err != nil {
		return fmt.Errorf("cannot connect to %s: %w", a.url, err)
	}
	defer t.close()
	p.connected(a, t, time.Since(begun))
	return (&talk{o: &o, t: t, p: p}).run(ctx)
}

var errTimeout = errors.New("the time is over")

// talk is a connection that is up.
type talk struct {
	o    *Options
	t    transport
	p    *printer
	seen int // of what is expected

	unmatched []byte // of a transport without messages
}

// received is a message, or the end.
type received struct {
	message []byte
	err     error
}

func (k *talk) run(ctx context.Context) error {
	incoming := make(chan received)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			message, err := k.t.receive()
			select {
			case incoming <- received{message, err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for _, message := range k.o.Send {
		if err := k.send([]byte(message)); err != nil {
			return err
		}
	}
	lines, typed := make(chan line), make(chan line)
	if k.o.Typed {
		typed = lines
		go readLines(k.o.Stdin, lines, done)
	}
	var over <-chan time.Time // when nothing more is to be sent
	if !k.o.Typed {
		over = k.wait()
	}
	for {
		if len(k.o.Expect) > 0 && k.seen == len(k.o.Expect) && !k.o.Typed {
			return nil
		}
		select {
		case r := <-incoming:
			if r.err != nil {
				return k.ended(r.err)
			}
			k.got(r.message)
			if over != nil && len(k.o.Expect) == 0 {
				over = k.wait() // from the last message on
			}
		case l := <-typed:
			if l.err != nil { // the end of the input
				typed, over = nil, k.wait()
				k.o.Typed = false
				continue
			}
			if err := k.send(l.text); err != nil {
				return err
			}
		case <-over:
			return nil
		case <-ctx.Done():
			return k.stopped(ctx)
		}
	}
}

// wait returns what tells when to end after the last message was sent. What is
// expected has its own time.
func (k *talk) wait() <-chan time.Time {
	if len(k.o.Expect) > 0 {
		return nil
	}
	return time.After(k.o.Wait)
}

func (k *talk) send(message []byte) error {
	if err := k.t.send(message); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	k.p.sent(message)
	return nil
}

func (k *talk) got(message []byte) {
	k.p.received(message)
	if _, ok := k.t.(tcpStream); ok {
		k.gotBytes(message)
	} else if k.seen < len(k.o.Expect) && k.o.Expect[k.seen].Match(message) {
		k.seen++
	}
}

// bytesKept is how much of what tcp has brought an expression is looked for in.
const bytesKept = 1 << 20

// gotBytes looks for what is expected in all that has come: tcp has no messages,
// what was sent one by one may come together and in pieces.
func (k *talk) gotBytes(p []byte) {
	k.unmatched = append(k.unmatched, p...)
	for k.seen < len(k.o.Expect) {
		at := k.o.Expect[k.seen].FindIndex(k.unmatched)
		if at == nil {
			break
		}
		k.unmatched = k.unmatched[at[1]:]
		k.seen++
	}
	k.unmatched = k.unmatched[max(0, len(k.unmatched)-bytesKept):]
}

// missing is ErrExpected for what has not come, nil if all has.
func (k *talk) missing(why string) error {
	if k.seen == len(k.o.Expect) {
		return nil
	}
	return fmt.Errorf("%w: %s before a message that matches %q", ErrExpected, why, k.o.Expect[k.seen])
}

// ended tells why there is no connection any more.
func (k *talk) ended(err error) error {
	why, broken := "the server closed the connection", false
	var end *websocket.CloseError
	switch {
	case errors.As(err, &end) && end.Code != websocket.CloseAbnormalClosure:
		why += fmt.Sprintf(" with code %d", end.Code)
		if end.Text != "" {
			why += fmt.Sprintf(" (%q)", end.Text)
		}
	case errors.As(err, &end), errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
	default:
		why, broken = "the connection broke: "+err.Error(), true
	}
	if err := k.missing(why); err != nil {
		return err
	}
	if broken {
		return errors.New(why)
	}
	k.p.note(why)
	return nil
}

// stopped is the end by a signal, or by the time.
func (k *talk) stopped(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return k.missing(fmt.Sprintf("%v were over", k.o.Timeout))
	}
	return k.missing("it was stopped")
}

// line is what was typed, without the end of the line.
type line struct {
	text []byte
	err  error
}

// readLines reads until the input ends. A read that waits for a terminal ends with
// the process.
func readLines(r io.Reader, to chan<- line, done <-chan struct{}) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxMessage)
	for scanner.Scan() {
		text := append([]byte(nil), scanner.Bytes()...)
		select {
		case to <- line{text: text}:
		case <-done:
			return
		}
	}
	err := scanner.Err()
	if err == nil {
		err = io.EOF
	}
	select {
	case to <- line{err: err}:
	case <-done:
	}
}
