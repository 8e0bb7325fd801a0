//go:build unix

package rawio

import (
	"syscall"
	"testing"
)

// TestSocket: nothing there, something there, no room, the end.
func TestSocket(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := syscall.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	defer syscall.Close(fds[1])
	p := make([]byte, 64<<10)
	if n, errno := Read(fds[1], p); n != 0 || errno != syscall.EAGAIN {
		t.Errorf("nothing there: Read = %d, %v", n, errno)
	}
	if n, errno := Write(fds[0], []byte("hello")); n != 5 || errno != 0 {
		t.Errorf("Write = %d, %v", n, errno)
	}
	if n, errno := Read(fds[1], p); string(p[:n]) != "hello" || errno != 0 {
		t.Errorf("Read = %q, %v", p[:n], errno)
	}
	sent := 0
	for {
		n, errno := Write(fds[0], p)
		sent += n
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 {
			t.Fatal(errno)
		}
	}
	syscall.Close(fds[0])
	for {
		n, errno := Read(fds[1], p)
		if errno != 0 {
			t.Fatal(errno)
		}
		if n == 0 {
			break
		}
		sent -= n
	}
	if sent != 0 {
		t.Errorf("%d bytes were written and not read", sent)
	}
	if n, errno := Read(-1, p); n != 0 || errno != syscall.EBADF {
		t.Errorf("closed: Read = %d, %v", n, errno)
	}
}

// TestAllocations: reading and writing allocate nothing.
func TestAllocations(t *testing.T) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fds[0])
	defer syscall.Close(fds[1])
	p := make([]byte, 5)
	if n := testing.AllocsPerRun(100, func() {
		Write(fds[0], p)
		Read(fds[1], p)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
