package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

func TestMain(m *testing.M) { os.Exit(testwait.Main(m)) }

// small keeps a scenario short: a few clients, phases of a tenth of a second.
func small(f *fakeGateway, scenario string) Options {
	return Options{
		Scenario: scenario, Addresses: []string{f.clientAddr}, InnerAddresses: []string{f.inner},
		Clients: 20, Messages: 10, Groups: 6, GroupSize: 5, Window: 7, Rate: 2000,
		Duration: 100 * time.Millisecond, Interval: 20 * time.Millisecond,
		Settle: time.Millisecond, Stall: time.Minute, // nothing is lost
	}
}

// lossStall is the Stall of a run in which messages are lost: a machine that stands still
// for a while has lost none.
const lossStall = 5 * time.Second

func TestScenarios(t *testing.T) {
	// What each phase must count; 0 where it depends on the machine's speed.
	counts := map[string][]int64{
		"idle":      {20, 60, 20},
		"storm":     {20},
		"echo":      {0, 200},
		"broadcast": {200, 100},
		"group":     {20, 200, 100, 30, 60},
		"one":       {10, 200},
		"uplink":    {0, 0, 200},
		"query":     {60, 0, 0, 0, 0, 0, 0},
		"mixed":     {16, 0, 0, 0, 0, 0},
		"churn":     {20, 220, 20},
	}
	server := quietProcess(t)
	for scenario, want := range counts {
		for _, protocol := range []string{"websocket", "text", "wss"} {
			for _, worker := range []WorkerMode{WorkerSelf, WorkerNone} {
				if scenario == "uplink" && worker == WorkerNone {
					continue // refused, see TestOptions
				}
				name := scenario + "/" + protocol + "/" + string(worker)
				t.Run(name, func(t *testing.T) {
					f := startFake(t, &fakeGateway{text: protocol == "text", tls: protocol == "wss", echo: true})
					o := small(f, scenario)
					o.Worker, o.GatewayPIDs = worker, []int{server}
					if scenario == "idle" && worker == WorkerNone {
						want = []int64{0, 60, 20} // no worker counts the messages
					}
					r, err := Run(t.Context(), o)
					if err != nil {
						t.Fatal(err)
					}
					if !r.Complete() {
						t.Errorf("not complete: %+v", r.Phases)
					}
					if len(r.Phases) != len(want) {
						t.Fatalf("%d phases, want %d: %+v", len(r.Phases), len(want), r.Phases)
					}
					for i, p := range r.Phases {
						// A rate keeps to whole intervals, so one more or less is fine there.
						if w := want[i]; w != 0 && p.Received != w || p.Received != p.Expected {
							t.Errorf("%s: %d of %d, want %d", p.Name, p.Received, p.Expected, w)
						}
						if p.OpenLoop && p.Lag == nil && len(p.CPU) > 0 {
							t.Errorf("%s: an open loop that does not say how late it was", p.Name)
						}
					}
					if last := r.Phases[len(r.Phases)-1]; scenario == "query" && (last.Received == 0 || last.Latency == nil) {
						t.Errorf("no answers in %+v", last)
					}
					if scenario == "mixed" && r.Phases[2].Received == 0 {
						t.Errorf("no echo in %+v", r.Phases[2])
					}
					if _, err := json.Marshal(r); err != nil {
						t.Error(err)
					}
					f.mu.Lock()
					defer f.mu.Unlock()
					if wantWorker := map[WorkerMode]int{WorkerSelf: 1, WorkerNone: 0}[worker]; f.workerConnected != wantWorker || f.gatewayConnected != 1 {
						t.Errorf("%d workers, %d gateway clients connected", f.workerConnected, f.gatewayConnected)
					}
				})
			}
		}
	}
}

// TestCompress: messages come and go compressed, are verified as before, and take
// fewer bytes; a gateway that does not compress is named.
func TestCompress(t *testing.T) {
	for _, scenario := range []string{"broadcast", "uplink", "echo"} {
		f := startFake(t, &fakeGateway{echo: true, compress: true})
		o := small(f, scenario)
		o.Compress, o.Size = true, 1000
		r, err := Run(t.Context(), o)
		if err != nil || !r.Complete() {
			t.Fatalf("%s: %v, %+v", scenario, err, r)
		}
		for _, p := range r.Phases {
			if in := p.BytesToClients; scenario != "uplink" && (in == 0 || in > 600*p.Received) {
				t.Errorf("%s: %d messages of 1,000 bytes came as %d bytes", p.Name, p.Received, in)
			}
			if out := p.BytesFromClients; scenario == "uplink" && (out == 0 || out > 600*p.Received) {
				t.Errorf("%s: %d messages of 1,000 bytes were sent as %d bytes", p.Name, p.Received, out)
			}
		}
	}
	f := startFake(t, &fakeGateway{})
	o := small(f, "broadcast")
	o.Compress = true
	r, err := Run(t.Context(), o)
	if text := fmt.Sprint(err, r.Problems); !strings.Contains(text, errNoCompression.Error()) {
		t.Errorf("a gateway that does not compress: %s", text)
	}
}

func TestFaultsAreFound(t *testing.T) {
	for _, c := range []struct {
		name          string
		fault         func(n int) int
		lost, surplus int64
	}{
		{"one lost", func(n int) int { return map[bool]int{true: 0, false: 1}[n == 57] }, 1, 0},
		{"one twice", func(n int) int { return map[bool]int{true: 2, false: 1}[n == 57] }, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := startFake(t, &fakeGateway{fault: c.fault})
			o := small(f, "broadcast")
			if c.lost > 0 {
				o.Stall = lossStall
			}
			r, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			p := r.Phases[0]
			if r.Complete() || p.Lost != c.lost || p.Surplus != c.surplus || p.OutOfOrder != 0 {
				t.Errorf("lost %d, surplus %d, complete %v; want lost %d, surplus %d", p.Lost, p.Surplus, r.Complete(), c.lost, c.surplus)
			}
			if c.lost > 0 && p.Duration >= o.Stall {
				t.Errorf("the wait for the lost message counts: %s", p.Duration)
			}
		})
	}
}

func TestServerThatRefuses(t *testing.T) {
	f := startFake(t, &fakeGateway{refuse: true})
	_, err := Run(t.Context(), small(f, "echo"))
	if err == nil || !strings.Contains(err.Error(), "no connection came about") {
		t.Errorf("got %v", err)
	}
	f.innerL.Close()
	_, err = Run(t.Context(), small(f, "echo"))
	if err == nil || !strings.Contains(err.Error(), "the inner connection to "+f.inner) {
		t.Errorf("no inner port: %v", err)
	}
}

func TestAnotherWorker(t *testing.T) {
	f := startFake(t, &fakeGateway{elsewhere: true})
	o := small(f, "broadcast")
	o.Stall = lossStall
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "10 of 20 clients went to another worker") {
		t.Errorf("got %v", err)
	}
}

func TestCancel(t *testing.T) {
	f := startFake(t, &fakeGateway{})
	o := small(f, "echo")
	o.Duration = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(p Progress) {
		if strings.HasPrefix(p.Phase, "closed loop") {
			cancel()
		}
	}
	if _, err := Run(ctx, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestFloor(t *testing.T) {
	r, err := Run(t.Context(), Options{Scenario: "floor", Clients: 10, Messages: 20, Duration: 20 * time.Millisecond, Interval: 4 * time.Millisecond, Stall: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Phases) != 5 || !r.Complete() {
		t.Fatalf("%+v", r.Phases)
	}
	for i, want := range []struct {
		received   int64 // 0 where it depends on the machine's speed
		one, other string
	}{
		{200, "sender", "reader"},
		{50, "sender", "reader"},
		{200, "sender", "reader"},
		{0, "server", "client"},
		{10, "server", "client"},
	} {
		p := r.Phases[i]
		if p.Received == 0 || want.received != 0 && p.Received != want.received {
			t.Errorf("%s: %d, want %d", p.Name, p.Received, want.received)
		}
		if len(p.CPU) != 2 || p.CPU[0].Role != want.one || p.CPU[0].Total <= 0 || p.CPU[1].Role != want.other || p.CPU[1].Total <= 0 {
			t.Errorf("%s: want the CPU of %s and %s, got %+v", p.Name, want.one, want.other, p.CPU)
		}
	}
}

func TestProcessClock(t *testing.T) {
	before, ok := processClock(os.Getpid())
	if !ok {
		t.Fatal("this process has no clock")
	}
	x := 0.0
	for after := before; after == before; after, _ = processClock(os.Getpid()) {
		x++
	}
	if _, ok := processClock(p0); ok {
		t.Error("a process that cannot be has a clock")
	}
}

// quietProcess starts a process that does nothing and has no children, which
// could end while they are being measured. It returns its pid.
func quietProcess(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// TestSecureFrames sends frames that are longer than a TLS record, and several
// in one record.
func TestSecureFrames(t *testing.T) {
	for _, size := range []int{64, 100_000} {
		f := startFake(t, &fakeGateway{tls: true})
		o := small(f, "broadcast")
		o.Clients, o.Size = 3, size
		r, err := Run(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Complete() || r.Phases[0].Received != 30 {
			t.Errorf("%d bytes: %+v", size, r.Phases[0])
		}
	}
}

func TestSecureClientAtAPlainServer(t *testing.T) {
	f := startFake(t, &fakeGateway{})
	o := small(f, "echo")
	o.Addresses[0] = strings.Replace(f.clientAddr, "websocket", "wss", 1)
	if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "tls: ") {
		t.Errorf("got %v", err)
	}
}
