// Package rawio reads from and writes to sockets in non-blocking mode with
// system calls that Go's scheduler does not know of (RawSyscall). They never
// block, and the scheduler's bookkeeping would cost as much as a small read;
// after a moment without work it also wakes the runtime's monitor thread.
//
// It owns the choice of the system call and its repetition after a signal. It
// never knows to what a descriptor belongs, nor whether it is still open: that
// is the caller's to ensure.
//
// With the race detector, and on systems other than Linux, package syscall's
// calls take their place: they tell the detector that bytes which arrive have
// been sent before.
package rawio
