package handover

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// Socket passes the file of a connection or a listener of package net, as
// [Giver.File] does.
func (g *Giver) Socket(s any) (number uint64, err error) {
	c, ok := s.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("handover: a %T cannot be passed", s)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("handover: a %T cannot be passed: %w", s, err)
	}
	fileErr := raw.Control(func(fd uintptr) { number, err = g.File(int(fd)) })
	if fileErr != nil {
		return 0, fmt.Errorf("handover: a %T cannot be passed: %w", s, fileErr)
	}
	return number, err
}

// Conn returns the connection that a number in a record stands for.
func (t *Taker) Conn(number uint64) (net.Conn, error) {
	f, err := t.osFile(number)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileConn(f)
}

// Listener returns the listener that a number in a record stands for.
func (t *Taker) Listener(number uint64) (net.Listener, error) {
	f, err := t.osFile(number)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return net.FileListener(f)
}

func (t *Taker) osFile(number uint64) (*os.File, error) {
	fd, err := t.File(number)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), "handed over"), nil
}
