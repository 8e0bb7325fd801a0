package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// tcpPair returns two ends of a connection.
func tcpPair(t *testing.T) (a, b *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed := make(chan net.Conn, 1)
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Error(err)
		}
		dialed <- c
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	other := <-dialed
	t.Cleanup(func() {
		c.Close()
		other.Close()
	})
	return c.(*net.TCPConn), other.(*net.TCPConn)
}

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// TestHold holds a connection with a reader and a writer in the kernel, again and
// again: nothing is lost, and nothing is read while it is held.
func TestHold(t *testing.T) {
	ours, theirs := tcpPair(t)
	c := NewConn(ours)
	const total = 8 << 20
	read := make(chan int, 1)
	go func() {
		n, _ := io.Copy(io.Discard, c)
		read <- int(n)
	}()
	wrote := make(chan error, 1)
	go func() {
		_, err := c.Write(make([]byte, total)) // more than the kernel takes at once
		wrote <- err
	}()
	peer := make(chan error, 2)
	go func() {
		for i := range 100 {
			if _, err := fmt.Fprintf(theirs, "%099d\n", i); err != nil {
				peer <- err
				return
			}
		}
		peer <- theirs.CloseWrite()
	}()
	for range 20 {
		if err := c.Hold(patient(t)); err != nil {
			t.Fatal(err)
		}
		c.Release()
		if _, err := io.CopyN(io.Discard, theirs, 1000); err != nil { // makes room
			t.Fatal(err)
		}
	}
	got, err := io.Copy(io.Discard, io.LimitReader(theirs, total-20*1000))
	if err != nil || got != total-20*1000 {
		t.Errorf("the peer read %d bytes, %v", got, err)
	}
	for _, ch := range []chan error{wrote, peer} {
		if err := <-ch; err != nil {
			t.Error(err)
		}
	}
	if n := <-read; n != 100*100 {
		t.Errorf("read %d bytes", n)
	}
	if err := c.Hold(patient(t)); err != nil || !c.Ended() {
		t.Errorf("a connection at its end: %v, ended %t", err, c.Ended())
	}
}

// TestHoldKeepsDeadlines: the time that a reader has goes on while the connection
// is held, and ends the call afterwards.
func TestHoldKeepsDeadlines(t *testing.T) {
	ours, _ := tcpPair(t)
	c := NewConn(ours)
	_ = c.SetReadDeadline(time.Now().Add(time.Hour))
	got := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		got <- err
	}()
	if err := c.Hold(patient(t)); err != nil {
		t.Fatal(err)
	}
	if left := c.ReadLimit(); left < 59*time.Minute || left > time.Hour {
		t.Errorf("%v left", left)
	}
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	c.Release()
	if err := <-got; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestHoldBusyReader: a reader that does not come back is not waited for without
// end.
func TestHoldBusyReader(t *testing.T) {
	ours, _ := tcpPair(t)
	c := NewConn(ours)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := c.Hold(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	c.Release()
}

// TestLeave: the process that leaves a connection ends its calls; the other one
// goes on, and the peer notices nothing.
func TestLeave(t *testing.T) {
	ours, theirs := tcpPair(t)
	c := NewConn(ours)
	ended := make(chan error, 2)
	for _, call := range []func([]byte) (int, error){c.Read, c.Write} {
		go func() {
			_, err := call(make([]byte, 32<<20))
			ended <- err
		}()
	}
	if err := c.Hold(patient(t)); err != nil {
		t.Fatal(err)
	}
	f, err := ours.File()
	if err != nil {
		t.Fatal(err)
	}
	c.Leave()
	for range 2 {
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("a call ended with %v", err)
		}
	}
	second, err := net.FileConn(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := theirs.Write([]byte("still here")); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 20)
	if n, err := second.Read(p); string(p[:n]) != "still here" {
		t.Errorf("read %q, %v", p[:n], err)
	}
}

func TestHoldListener(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := NewListener(tcp)
	accepted := make(chan error, 100)
	go func() {
		for {
			c, err := l.Accept()
			accepted <- err
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	dial := func() {
		c, err := net.Dial("tcp", tcp.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	for range 10 {
		if err := l.Hold(patient(t)); err != nil {
			t.Fatal(err)
		}
		dial()
		if len(accepted) > 0 {
			t.Error("a connection was accepted while held")
		}
		l.Release()
		if err := <-accepted; err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Hold(patient(t)); err != nil {
		t.Fatal(err)
	}
	l.Leave()
	if err := <-accepted; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept ended with %v", err)
	}
	if err := l.Hold(patient(t)); err != nil {
		t.Errorf("holding what has ended: %v", err)
	}
}

// TestHoldLeavesOtherWritersAlone: what is written past a Conn, as by a sender that is
// held by itself, goes on while the Conn is held.
func TestHoldLeavesOtherWritersAlone(t *testing.T) {
	ours, theirs := tcpPair(t)
	c := NewConn(ours)
	go func() { _, _ = io.Copy(io.Discard, c) }()
	if err := c.Hold(patient(t)); err != nil {
		t.Fatal(err)
	}
	defer c.Release()
	if _, err := ours.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(theirs, got); err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
}
