package testprocess

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// kernel fills in what the kernel says of a process.
func (s *Stats) kernel(pid int) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	if files, err := os.ReadDir(dir + "fd"); err == nil {
		s.Files = len(files)
	}
	status := fieldsOf(dir + "status")
	s.RSS, s.PeakRSS = status["VmRSS"]<<10, status["VmHWM"]<<10
	s.Threads, s.VoluntaryWait = int(status["Threads"]), status["voluntary_ctxt_switches"]
	s.PSS = fieldsOf(dir + "smaps_rollup")["Pss"] << 10
	s.CPU = cpuOf(dir + "stat")
}

// ResetPeak begins Stats.PeakRSS anew, where the kernel can.
func (p *Process) ResetPeak() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.PID), []byte("5"), 0)
}

// fieldsOf reads lines such as "VmRSS:   1234 kB".
func fieldsOf(path string) map[string]uint64 {
	out := map[string]uint64{}
	text, err := os.ReadFile(path)
	if err != nil {
		return out
	}
	for line := range strings.Lines(string(text)) {
		name, rest, _ := strings.Cut(line, ":")
		if values := strings.Fields(rest); len(values) > 0 {
			out[name], _ = strconv.ParseUint(values[0], 10, 64)
		}
	}
	return out
}

// cpuOf reads the seconds of CPU that a process has used.
func cpuOf(path string) float64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	// The name in parentheses may hold spaces.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	const ticks = 100 // USER_HZ, on every Linux that Go runs on
	return (user + system) / ticks
}
