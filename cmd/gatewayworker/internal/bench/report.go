package bench

import "time"

// Report is what one scenario measured. Durations are in nanoseconds in JSON.
type Report struct {
	Scenario   string      `json:"scenario"`
	Started    time.Time   `json:"started"`
	Conditions Conditions  `json:"conditions"`
	Phases     []Phase     `json:"phases"`
	Memory     []MemoryUse `json:"memory,omitempty"`
	// Problems are things that make the figures doubtful, in plain words.
	Problems []string `json:"problems,omitempty"`
}

// Complete reports whether every phase delivered exactly what it should.
func (r *Report) Complete() bool {
	for _, p := range r.Phases {
		if !p.Complete() {
			return false
		}
	}
	return true
}

// Conditions say what was measured where.
type Conditions struct {
	Addresses      []string `json:"addresses,omitempty"`
	InnerAddresses []string `json:"inner_addresses,omitempty"`
	Worker         string   `json:"worker,omitempty"`
	Clients        int      `json:"clients"`
	Size           int      `json:"size"`
	GatewayPIDs    []int    `json:"gateway_pids,omitempty"`
	WorkerPIDs     []int    `json:"worker_pids,omitempty"`
	CPUs           int      `json:"cpus"`
	Kernel         string   `json:"kernel,omitempty"`
}

// Phase is one measured part of a scenario.
type Phase struct {
	Name string `json:"name"`
	// Unit is what is counted: "delivery", "connection", "round trip", ...
	Unit     string        `json:"unit"`
	Duration time.Duration `json:"duration_ns"`
	Expected int64         `json:"expected"`
	Received int64         `json:"received"`
	// Lost is what should have arrived and did not.
	Lost int64 `json:"lost"`
	// Surplus is what arrived more often than it should have.
	Surplus    int64   `json:"surplus"`
	OutOfOrder int64   `json:"out_of_order"`
	Rate       float64 `json:"rate_per_second"`
	// Bytes of messages as the client protocol has them, without TLS.
	BytesToClients   int64 `json:"bytes_to_clients,omitempty"`
	BytesFromClients int64 `json:"bytes_from_clients,omitempty"`

	// OpenLoop says that latencies run from the time a message was due.
	OpenLoop bool     `json:"open_loop"`
	Latency  *Latency `json:"latency,omitempty"`
	// LastReceiver is, for each message to many, when the last of them had it.
	LastReceiver *Latency `json:"last_receiver,omitempty"`
	// Lag is how late the generator itself sent what was due.
	Lag *Latency `json:"generator_lag,omitempty"`

	CPU []CPUUse `json:"cpu"`
}

// Complete reports whether all arrived once and in order.
func (p *Phase) Complete() bool {
	return p.Lost == 0 && p.Surplus == 0 && p.OutOfOrder == 0
}

// CPUUse is the CPU time of one role during a phase.
type CPUUse struct {
	// Role is "gateway", "worker", or "generator" (this process).
	Role string `json:"role"`
	// Total is exact; User and System come in the kernel's ticks (10 ms).
	Total  time.Duration `json:"total_ns"`
	User   time.Duration `json:"user_ns"`
	System time.Duration `json:"system_ns"`
	// PerUnit is Total divided by what was received, in microseconds.
	PerUnit float64 `json:"per_unit_us"`
	// Cores is Total divided by the phase's duration.
	Cores float64 `json:"cores"`
}

// MemoryUse is the memory of one role at one moment.
type MemoryUse struct {
	Moment string `json:"moment"` // "start", "connected", "ended", "disconnected"
	Role   string `json:"role"`
	PSS    int64  `json:"pss_bytes"`
	// Anonymous is the part of PSS that is no file's: heap and stacks. Pages of
	// the program itself come and go with what ran last.
	Anonymous int64 `json:"pss_anon_bytes"`
	RSS       int64 `json:"rss_bytes"`
	// PerConnection is the PSS above the start divided by the connections,
	// AnonymousPerConnection the same of Anonymous.
	PerConnection          float64 `json:"pss_per_connection_bytes,omitempty"`
	AnonymousPerConnection float64 `json:"pss_anon_per_connection_bytes,omitempty"`
}

// Latency summarises a [Histogram].
type Latency struct {
	Count   uint64        `json:"count"`
	Min     time.Duration `json:"min_ns"`
	Mean    time.Duration `json:"mean_ns"`
	P50     time.Duration `json:"p50_ns"`
	P90     time.Duration `json:"p90_ns"`
	P99     time.Duration `json:"p99_ns"`
	P999    time.Duration `json:"p99_9_ns"`
	Max     time.Duration `json:"max_ns"`
	Buckets []Bucket      `json:"histogram,omitempty"`
}

// Bucket counts the values below a bound and not below the one before it.
type Bucket struct {
	Below time.Duration `json:"below_ns"`
	Count uint64        `json:"count"`
}
