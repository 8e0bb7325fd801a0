package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

func fakeProcess(t *testing.T, root string, pid, ppid, utime, stime int, name string) {
	t.Helper()
	dir := filepath.Join(root, strconv.Itoa(pid))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stat := fmt.Sprintf("%d (%s) S %d 1 1 0 -1 4194560 1 0 0 0 %d %d 0 0 20 0 1 0 99 0 0\n", pid, name, ppid, utime, stime)
	smaps := "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:    %d kB\nPss:    %d kB\nPss_Anon:  7 kB\n"
	for file, text := range map[string]string{"stat": stat, "smaps_rollup": fmt.Sprintf(smaps, 2*pid, pid)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// processes far above the kernel's largest pid, so that no real one is read.
const p0 = 1 << 23

func TestRolesFindChildren(t *testing.T) {
	root := t.TempDir()
	fakeProcess(t, root, p0+1, 1, 0, 0, "WorkerMan: master process")
	fakeProcess(t, root, p0+2, p0+1, 150, 50, "WorkerMan: (Gateway) (x) 1 2")
	fakeProcess(t, root, p0+3, p0+1, 20, 5, "BusinessWorker")
	fakeProcess(t, root, p0+4, p0+3, 1, 1, "grandchild")
	fakeProcess(t, root, p0+5, 1, 1000, 1000, "unrelated")
	if err := os.WriteFile(filepath.Join(root, "uptime"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	fs := procFS(root)
	roles, err := fs.roles([]int{p0 + 1}, []int{p0 + 3}, p0+9)
	if err != nil {
		t.Fatal(err)
	}
	want := []role{{"gateway", []int{p0 + 1, p0 + 2}}, {"worker", []int{p0 + 3, p0 + 4}}, {"generator", []int{p0 + 9}}}
	if !slices.EqualFunc(roles, want, func(a, b role) bool { return a.name == b.name && slices.Equal(a.pids, b.pids) }) {
		t.Errorf("got %v, want %v", roles, want)
	}
	s, err := fs.sampleCPU(roles[0])
	if err != nil || s.user != 1500*time.Millisecond || s.system != 500*time.Millisecond || s.total != 2*time.Second {
		t.Errorf("CPU %+v, %v", s, err)
	}
	m, err := fs.sampleMemory(roles[1])
	if want := int64(2*p0+7) << 10; err != nil || m.pss != want || m.rss != 2*want || m.anonymous != 14<<10 {
		t.Errorf("memory %+v, %v; want PSS %d", m, err, want)
	}
	var oe *OptionsError
	if _, err := fs.roles([]int{p0 + 77}, nil, 1); !errors.As(err, &oe) || oe.Option != "gateway-pid" {
		t.Errorf("a process that is not there: %v", err)
	}
}

func TestProcParsersRefuseNonsense(t *testing.T) {
	for _, s := range []string{"", "1 (x", "1 (x) S 1", "1 (x) S a 1 1 0 -1 0 0 0 0 0 1 1 0"} {
		if _, err := parseStat([]byte(s)); err == nil {
			t.Errorf("stat %q is read", s)
		}
	}
	for _, s := range []string{"", "Rss: 5 kB\n", "Pss: x kB\n"} {
		if _, err := parseSmaps([]byte(s)); err == nil {
			t.Errorf("smaps %q is read", s)
		}
	}
	// smaps without a rollup has the lines once for each mapping.
	if m, err := parseSmaps([]byte("Pss: 5 kB\nRss: 1 kB\nPss: 3 kB\nRss: 1 kB\n")); err != nil || m.pss != 8<<10 || m.rss != 2<<10 {
		t.Errorf("%+v, %v", m, err)
	}
}
