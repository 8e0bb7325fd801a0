package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/handover"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// wrongProgram is the name of a program that is to take over and does wrong:
// wrongSuccessor. What it does is in the file that the variable names.
const (
	wrongProgram  = "wrongsuccessor"
	wrongVariable = "WRONG_SUCCESSOR"
)

// Kinds of the steps' records, of package handover.
const (
	helloRecord = 1
	readyRecord = 6
)

// wrongSuccessor is a program that takes over up to some step.
func wrongSuccessor() {
	text, err := os.ReadFile(os.Getenv(wrongVariable))
	if err != nil {
		panic(err)
	}
	crash := func() { panic("a crash that a test wants") }
	silent := func() { select {} }
	limited := func(resource int, limit uint64) {
		if err := unix.Setrlimit(resource, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			panic(err)
		}
		os.Args[0] = "gatewayworker"
		main()
	}
	// What is written past the Taker goes where its records go.
	raw, err := unix.FcntlInt(3, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	write := func(p []byte) { _, _ = unix.Write(raw, p) }
	record := func(r *handover.Record) {
		write(append(binary.BigEndian.AppendUint32(nil, uint32(len(r.Encoded()))), r.Encoded()...))
	}
	take := func(steps ...func(*handover.Taker) error) *handover.Taker {
		taker, err := handover.NewTaker(os.NewFile(3, "records"), os.NewFile(4, "files"))
		if err != nil {
			panic(err)
		}
		for _, step := range steps {
			if err := step(taker); err != nil {
				panic(err)
			}
		}
		return taker
	}
	agree := func(t *handover.Taker) error {
		_, err := t.Agree("wrong 1.0", patience)
		return err
	}
	prepared := func(t *handover.Taker) error { return t.Prepared(patience) }
	part := func(t *handover.Taker) error {
		_, err := t.Part()
		return err
	}
	everything := func(t *handover.Taker) error {
		for {
			if _, err := t.Part(); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			for {
				if _, err := t.Read(); err == io.EOF {
					break
				} else if err != nil {
					return err
				}
			}
		}
	}
	ready := func(*handover.Taker) error {
		record(handover.NewRecord(readyRecord))
		return nil
	}
	switch what := string(text); what {
	case "ends":
	case "usage":
		os.Args = []string{"gatewayworker", "--no-such-flag"}
		_ = os.Unsetenv(handoverVariable)
		main()
	case "crashes":
		crash()
	case "silent":
		silent()
	case "silent with a child":
		_ = exec.Command("sleep", "1000").Start()
		silent()
	case "garbage":
		write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		silent()
	case "foreign":
		hello := handover.NewRecord(helloRecord)
		hello.Uint(1, handover.Version+1)
		hello.Uint(2, handover.Version+7)
		hello.String(3, "gatewayworker 99.0")
		record(hello)
		silent()
	case "crashes after hello":
		take(agree)
		crash()
	case "refuses":
		take(agree).Refuse("it is Friday")
		silent()
	case "crashes when prepared":
		take(agree, prepared)
		crash()
	case "silent when prepared":
		take(agree, prepared)
		silent()
	case "refuses when prepared":
		take(agree, prepared).Refuse("it is late")
	case "crashes in the middle":
		take(agree, prepared, part)
		crash()
	case "crashes with everything":
		take(agree, prepared, everything)
		crash()
	case "silent with everything":
		take(agree, prepared, everything)
		silent()
	case "refuses with everything":
		take(agree, prepared, everything).Refuse("no")
	case "crashes when ready":
		take(agree, prepared, everything, ready)
		crash()
	case "silent when ready":
		take(agree, prepared, everything, ready)
		silent()
	case "few files":
		limited(unix.RLIMIT_NOFILE, 24)
	case "little memory":
		limited(unix.RLIMIT_AS, vmSize())
	case "little processor":
		limited(unix.RLIMIT_CPU, 0)
	default:
		panic("unknown: " + what)
	}
}

// vmSize is the address space of this process.
func vmSize() (bytes uint64) {
	text, _ := os.ReadFile("/proc/self/statm")
	_, _ = fmt.Sscan(string(text), &bytes)
	return bytes * uint64(os.Getpagesize())
}

// TestUpgradeFails has the new process do wrong at each step: the old one serves
// on, and nobody has noticed.
func TestUpgradeFails(t *testing.T) {
	step := filepath.Join(t.TempDir(), "step")
	t.Setenv(wrongVariable, step)
	t.Setenv("GOTRACEBACK", "none")
	u := startUpgraded(t, "--stop-timeout", "10m") // each event of a client has its session
	wrong, err := exec.LookPath(wrongProgram)
	if err != nil {
		t.Fatal(err)
	}
	notExecutable := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(notExecutable, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/no/such/shell\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	// Many files, and much to remember: more than the memory that Go takes at a time.
	for range 80 {
		c := u.Connect(t, u.worker)
		u.worker.Send(t, gp.Message{Cmd: gp.CmdSetSession, ConnectionID: c.ID.ConnectionID, ExtData: []byte(`s:1048576:"` + strings.Repeat("x", 1<<20) + `";`)})
	}
	brief := []string{"--timeout", "1s", "--max-pause", "1s"}
	for _, test := range []struct {
		name, binary string
		args         []string
		says         string
	}{
		{"no such file", filepath.Join(t.TempDir(), "none"), nil, "no such file"},
		{"not executable", notExecutable, nil, "permission denied"},
		{"not a program", script, nil, "cannot be run"},
		{"another program", "/bin/true", nil, "has ended (exit status 0)"},
		{"ends", wrong, nil, "has ended (exit status 0)"},
		{"usage", wrong, nil, "has ended (exit status 2)"},
		{"crashes", wrong, nil, "has ended (exit status 2)"},
		{"silent", wrong, brief, "not ready within 1s"},
		{"silent with a child", wrong, brief, "not ready within 1s"},
		{"garbage", wrong, nil, "handover"},
		{"foreign", wrong, nil, "gatewayworker 99.0 reads versions"},
		{"crashes after hello", wrong, nil, "has ended (exit status 2)"},
		{"refuses", wrong, nil, "refuses: it is Friday"},
		{"crashes when prepared", wrong, nil, "has ended (exit status 2)"},
		{"silent when prepared", wrong, brief, ""},
		{"refuses when prepared", wrong, nil, "refuses: it is late"},
		{"crashes in the middle", wrong, nil, "has ended (exit status 2)"},
		{"crashes with everything", wrong, nil, "has ended (exit status 2)"},
		{"silent with everything", wrong, brief, ""},
		{"refuses with everything", wrong, nil, "refuses: no"},
		{"crashes when ready", wrong, nil, "has ended (exit status 2)"},
		{"silent when ready", wrong, brief, ""},
		{"few files", wrong, nil, "too many open files"},
		{"little memory", wrong, nil, ""},
		{"little processor", wrong, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(step, []byte(test.name), 0o600); err != nil {
				t.Fatal(err)
			}
			said := u.upgrade(exitFailure, append([]string{"--binary", test.binary}, test.args...)...)
			if !strings.Contains(said, "the running process serves on") || !strings.Contains(said, test.says) {
				t.Errorf("it says %q, want %q", said, test.says)
			}
			t.Log(strings.TrimSpace(said))
			u.talk()
			u.newcomer()
			u.logged("no upgrade; this process serves on")
		})
	}
	u.upgrade(0)
	u.talk()
	testwait.Until(t, "nobody is left of all those", func() bool { return len(childrenOf(u.cmd.Process.Pid)) == 1 })
	u.signal(syscall.SIGTERM)
	if code := u.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func init() { programs[wrongProgram] = wrongSuccessor }
