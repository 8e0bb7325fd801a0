package bench

import (
	"time"

	"golang.org/x/sys/unix"
)

// processClock reads the CPU clock of a whole process, dead threads included,
// to the nanosecond. /proc/PID/stat has the same in ticks of 10 ms and
// /proc/PID/schedstat has the main thread only.
func processClock(pid int) (time.Duration, bool) {
	// clock_getcpuclockid(3): the complement of the pid and CPUCLOCK_SCHED.
	clock := int32(^pid)<<3 | 2
	return readClock(clock)
}

// threadClock is the CPU time of the calling thread.
func threadClock() time.Duration {
	d, _ := readClock(unix.CLOCK_THREAD_CPUTIME_ID)
	return d
}

func readClock(clock int32) (time.Duration, bool) {
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, false
	}
	return time.Duration(ts.Nano()), true
}

func kernelRelease() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
