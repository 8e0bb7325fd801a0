package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// procFS reads processes below a directory laid out as proc(5).
type procFS string

const userHz = 100 // of /proc/PID/stat, on every Linux that Go runs on

type procStat struct {
	ppid         int
	user, system time.Duration
}

// parseStat parses /proc/PID/stat. The name (field 2) may hold blanks and
// parentheses, so fields are counted from the last ')'.
func parseStat(b []byte) (s procStat, err error) {
	i := bytes.LastIndexByte(b, ')')
	if i < 0 {
		return s, fmt.Errorf("no ')' in %q", b)
	}
	f := strings.Fields(string(b[i+1:])) // f[0] is field 3, the state
	if len(f) < 13 {
		return s, fmt.Errorf("%d fields in %q", len(f)+2, b)
	}
	var n [3]int64
	for k, field := range []string{f[1], f[11], f[12]} {
		if n[k], err = strconv.ParseInt(field, 10, 64); err != nil {
			return s, err
		}
	}
	tick := time.Second / userHz
	return procStat{ppid: int(n[0]), user: time.Duration(n[1]) * tick, system: time.Duration(n[2]) * tick}, nil
}

func (fs procFS) stat(pid int) (procStat, error) {
	b, err := os.ReadFile(filepath.Join(string(fs), strconv.Itoa(pid), "stat"))
	if err != nil {
		return procStat{}, err
	}
	s, err := parseStat(b)
	if err != nil {
		return s, fmt.Errorf("stat of process %d: %w", pid, err)
	}
	return s, nil
}

// descendants returns pid and all processes below it, children of a PHP master
// among them, in ascending order.
func (fs procFS) descendants(pid int) ([]int, error) {
	if _, err := fs.stat(pid); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(string(fs))
	if err != nil {
		return nil, err
	}
	children := make(map[int][]int)
	for _, e := range entries {
		if p, err := strconv.Atoi(e.Name()); err == nil {
			if s, err := fs.stat(p); err == nil {
				children[s.ppid] = append(children[s.ppid], p)
			}
		}
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	slices.Sort(all)
	return all, nil
}

type procMemory struct{ pss, anonymous, rss int64 }

// parseSmaps sums the Pss, Pss_Anon and Rss lines of /proc/PID/smaps_rollup,
// in bytes.
func parseSmaps(b []byte) (m procMemory, err error) {
	var found bool
	for line := range strings.Lines(string(b)) {
		name, value, ok := strings.Cut(line, ":")
		var sum *int64
		switch {
		case !ok:
		case name == "Pss":
			sum, found = &m.pss, true
		case name == "Pss_Anon":
			sum = &m.anonymous
		case name == "Rss":
			sum = &m.rss
		}
		if sum == nil {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return m, fmt.Errorf("smaps line %q: %w", strings.TrimSpace(line), err)
		}
		*sum += kb << 10
	}
	if !found {
		return m, fmt.Errorf("no Pss in %d bytes of smaps", len(b))
	}
	return m, nil
}

func (fs procFS) memory(pid int) (procMemory, error) {
	dir := filepath.Join(string(fs), strconv.Itoa(pid))
	b, err := os.ReadFile(filepath.Join(dir, "smaps_rollup"))
	if err != nil {
		if b, err = os.ReadFile(filepath.Join(dir, "smaps")); err != nil {
			return procMemory{}, err
		}
	}
	m, err := parseSmaps(b)
	if err != nil {
		return m, fmt.Errorf("memory of process %d: %w", pid, err)
	}
	return m, nil
}

// role is a set of processes that is measured as one.
type role struct {
	name string
	pids []int
}

// roles finds the processes to measure: those named and their descendants. A
// process named (or found) for the worker is not counted for the gateway, so
// both may be children of one master; the generator is counted for itself alone.
func (fs procFS) roles(gatewayPIDs, workerPIDs []int, self int) ([]role, error) {
	collect := func(option string, pids []int) (all []int, err error) {
		for _, p := range pids {
			d, err := fs.descendants(p)
			if err != nil {
				return nil, &OptionsError{option, fmt.Sprintf("process %d cannot be read: %v", p, err)}
			}
			all = append(all, d...)
		}
		slices.Sort(all)
		return slices.DeleteFunc(slices.Compact(all), func(p int) bool { return p == self }), nil
	}
	gw, err := collect("gateway-pid", gatewayPIDs)
	if err != nil {
		return nil, err
	}
	wk, err := collect("worker-pid", workerPIDs)
	if err != nil {
		return nil, err
	}
	gw = slices.DeleteFunc(gw, func(p int) bool { return slices.Contains(wk, p) })
	var out []role
	if len(gw) > 0 {
		out = append(out, role{"gateway", gw})
	}
	if len(wk) > 0 {
		out = append(out, role{"worker", wk})
	}
	return append(out, role{"generator", []int{self}}), nil
}

// cpuSample is the CPU time of a role up to one moment.
type cpuSample struct{ total, user, system time.Duration }

func (fs procFS) sampleCPU(r role) (s cpuSample, err error) {
	for _, pid := range r.pids {
		st, err := fs.stat(pid)
		if err != nil {
			return s, fmt.Errorf("bench: a %s process ended: %w", r.name, err)
		}
		s.user += st.user
		s.system += st.system
		if exact, ok := processClock(pid); ok {
			s.total += exact
		} else {
			s.total += st.user + st.system
		}
	}
	return s, nil
}

func (fs procFS) sampleMemory(r role) (m procMemory, err error) {
	for _, pid := range r.pids {
		one, err := fs.memory(pid)
		if err != nil {
			return m, fmt.Errorf("bench: a %s process: %w", r.name, err)
		}
		m.pss += one.pss
		m.anonymous += one.anonymous
		m.rss += one.rss
	}
	return m, nil
}
