package bench

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteText writes the report for people: each phase with its figures and a
// histogram of its latencies.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	c := r.Conditions
	fmt.Fprintf(&b, "%s: %s clients, %d bytes", r.Scenario, thousands(int64(c.Clients)), c.Size)
	if len(c.Addresses) > 0 {
		fmt.Fprintf(&b, ", %s, inner %s, worker %s", strings.Join(c.Addresses, " "), strings.Join(c.InnerAddresses, " "), c.Worker)
	}
	fmt.Fprintf(&b, "\n%d CPUs, %s, %s\n", c.CPUs, c.Kernel, r.Started.Format("2006-01-02 15:04:05"))
	for i := range r.Phases {
		r.Phases[i].write(&b)
	}
	if len(r.Memory) > 0 {
		b.WriteString("\nmemory\n")
	}
	for _, m := range r.Memory {
		fmt.Fprintf(&b, "  %-13s %-9s PSS %9s (%s anonymous)   RSS %9s", m.Moment, m.Role, mebibytes(m.PSS), mebibytes(m.Anonymous), mebibytes(m.RSS))
		if m.PerConnection != 0 {
			fmt.Fprintf(&b, "   %.0f bytes per connection (%.0f anonymous)", m.PerConnection, m.AnonymousPerConnection)
		}
		b.WriteByte('\n')
	}
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "! %s\n", p)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Phase) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s\n", p.Name)
	fmt.Fprintf(b, "  %-13s %s of %s", plural(p.Unit), thousands(p.Received), thousands(p.Expected))
	if p.Complete() {
		b.WriteString(", none lost, none twice, all in order\n")
	} else {
		fmt.Fprintf(b, ": %s LOST, %s too many, %s out of order\n", thousands(p.Lost), thousands(p.Surplus), thousands(p.OutOfOrder))
	}
	fmt.Fprintf(b, "  %-13s %s/s in %s\n", "rate", thousands(int64(p.Rate)), p.Duration.Round(time.Millisecond))
	if n := float64(p.Received); n > 0 && p.BytesToClients+p.BytesFromClients > 0 {
		fmt.Fprintf(b, "  %-13s %.1f bytes to clients, %.1f from clients per %s\n", "wire", float64(p.BytesToClients)/n, float64(p.BytesFromClients)/n, p.Unit)
	}
	for _, u := range p.CPU {
		fmt.Fprintf(b, "  %-13s %.2f us per %s, %.2f of a core", u.Role+" CPU", u.PerUnit, p.Unit, u.Cores)
		if u.User+u.System >= 100*time.Millisecond { // else the ticks are too coarse
			fmt.Fprintf(b, " (%.0f%% in the kernel)", 100*u.System.Seconds()/(u.User+u.System).Seconds())
		}
		b.WriteByte('\n')
	}
	p.LastReceiver.write(b, "last receiver", "")
	p.Lag.write(b, "sent late by", "")
	how := " (closed loop)"
	if p.OpenLoop {
		how = " (open loop)"
	}
	p.Latency.write(b, "latency", how)
	if p.Latency != nil {
		writeBuckets(b, p.Latency.Buckets)
	}
}

func (l *Latency) write(b *strings.Builder, name, how string) {
	if l == nil {
		return
	}
	fmt.Fprintf(b, "  %-13s p50 %s  p90 %s  p99 %s  p99.9 %s  max %s%s\n", name,
		short(l.P50), short(l.P90), short(l.P99), short(l.P999), short(l.Max), how)
}

// writeBuckets draws one bar for each bucket.
func writeBuckets(b *strings.Builder, buckets []Bucket) {
	const width = 40
	var most, total uint64
	for _, k := range buckets {
		most, total = max(most, k.Count), total+k.Count
	}
	for _, k := range buckets {
		eighths := int(k.Count * width * 8 / max(most, 1))
		bar := strings.Repeat("█", eighths/8)
		if rest := eighths % 8; rest > 0 {
			bar += string([]rune(" ▏▎▍▌▋▊▉")[rest])
		} else if bar == "" && k.Count > 0 {
			bar = "▏"
		}
		fmt.Fprintf(b, "  %13s %s %.2f%%\n", "< "+short(k.Below), bar, 100*float64(k.Count)/float64(total))
	}
}

// short prints a duration with three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Microsecond:
		return fmt.Sprintf("%dns", d)
	case d < time.Millisecond:
		return fmt.Sprintf("%.3gus", roundTo3(d, time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.3gms", roundTo3(d, time.Millisecond))
	}
	return fmt.Sprintf("%.3gs", d.Seconds())
}

// roundTo3 keeps %.3g from turning 999.7 into 1e+03.
func roundTo3(d, unit time.Duration) float64 {
	return min(float64(d)/float64(unit), 999)
}

func plural(unit string) string {
	if stem, ok := strings.CutSuffix(unit, "y"); ok {
		return stem + "ies"
	}
	return unit + "s"
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
