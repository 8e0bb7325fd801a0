package holder

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/sdnotify"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// What goes over the socket, one message in a packet.
const (
	messageSignal  = "signal"  // NUMBER, to the process that serves
	messageServing = "serving" // PID, to the holder
	messageNotify  = "notify"  // STATE, to the holder
)

const maxMessage = 4096

// orphanPatience is how long the holder waits for word of a successor after the
// process that served has ended, while some process still has the other end.
const orphanPatience = 30 * time.Second

// Holder is the first process once another one serves. Make one with [New].
type Holder struct {
	conn *net.UnixConn
	link *os.File

	mu      sync.Mutex // guards what follows
	serving int        // pid
	ended   int        // pid of the process that served when it ended, 0 for none
	status  syscall.WaitStatus
	closed  bool          // no process has the other end
	changed chan struct{} // has one element when something has changed
}

// New makes the socket, and has the kernel give this process the children of its
// successors. Nothing else changes until [Holder.Hold].
func New() (*Holder, error) {
	conn, link, err := handover.UnixPair(unix.SOCK_SEQPACKET, "holder's link")
	if err != nil {
		return nil, cannotHold(err)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		_ = conn.Close()
		_ = link.Close()
		return nil, cannotHold(err)
	}
	return &Holder{conn: conn, link: link, changed: make(chan struct{}, 1)}, nil
}

func cannotHold(err error) error {
	return fmt.Errorf("this process cannot hold the pid for another one: %w", err)
}

// Link is the other end of the socket, for the first successor.
func (h *Holder) Link() *os.File { return h.link }

// Close gives the socket back, when no successor has come to serve.
func (h *Holder) Close() {
	_ = h.conn.Close()
	_ = h.link.Close()
}

// Hold holds the pid for a process, a child of this one, and for its successors. It
// passes on what comes by channels, and returns the status with which the process
// that served last has ended.
func (h *Holder) Hold(pid int, channels ...<-chan os.Signal) syscall.WaitStatus {
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	all := make(chan os.Signal)
	for _, c := range channels {
		go func() {
			for s := range c {
				all <- s
			}
		}()
	}
	h.mu.Lock()
	h.serving = pid
	h.mu.Unlock()
	_ = h.link.Close()
	go h.listen()
	var patience <-chan time.Time
	for {
		status, ended, forGood := h.reap()
		switch {
		case forGood:
			return status
		case !ended:
			patience = nil
		case patience == nil:
			patience = time.After(orphanPatience)
		}
		select {
		case s := <-all:
			h.pass(s)
		case <-children:
		case <-h.changed:
		case <-patience:
			return status
		}
	}
}

// listen takes messages as they come.
func (h *Holder) listen() {
	raw, err := h.conn.SyscallConn()
	if err == nil {
		_ = raw.Read(func(fd uintptr) bool { return h.take(int(fd)) })
	}
}

// take reads the messages that are there, and reports whether no more will come.
func (h *Holder) take(fd int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	buf := make([]byte, maxMessage)
	for !h.closed {
		n, err := unix.Read(fd, buf)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return false
		case err != nil || n == 0:
			h.closed = true
		default:
			h.messageLocked(string(buf[:n]))
		}
		select {
		case h.changed <- struct{}{}:
		default:
		}
	}
	return true
}

func (h *Holder) messageLocked(text string) {
	kind, value, _ := strings.Cut(text, " ")
	switch kind {
	case messageServing:
		if pid, err := strconv.Atoi(value); err == nil {
			h.serving = pid
		}
	case messageNotify:
		sdnotify.Relay(value)
	}
}

// reap takes the processes that have ended from the kernel. It reports whether the
// one that serves is among them, and whether no successor can tell of itself any
// more.
func (h *Holder) reap() (status syscall.WaitStatus, ended, forGood bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			break
		}
		if status.Exited() || status.Signaled() {
			// Who has served says who serves now before it ends.
			h.drain()
			h.mu.Lock()
			if pid == h.serving {
				h.ended, h.status = pid, status
			}
			h.mu.Unlock()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	ended = h.ended == h.serving
	return h.status, ended, ended && h.closed
}

// drain takes the messages that are there.
func (h *Holder) drain() {
	if raw, err := h.conn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { h.take(int(fd)) })
	}
}

// pass passes a signal on to the process that serves.
func (h *Holder) pass(s os.Signal) {
	number, ok := s.(syscall.Signal)
	if !ok {
		return
	}
	_ = h.conn.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := fmt.Fprintf(h.conn, "%s %d", messageSignal, int(number)); err == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended != h.serving {
		_ = syscall.Kill(h.serving, number) // it does not read
	}
}
