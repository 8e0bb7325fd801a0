package bench

import (
	"math"
	"math/bits"
	"time"
)

// Histogram counts durations in log-linear buckets: 128 for each power of two,
// so a value read back is off by less than 0.8 %. Values under 256 ns are
// exact. The zero value is ready to use; it is not safe for concurrent use.
type Histogram struct {
	counts   [histogramBuckets]uint64
	total    uint64
	sum      float64
	min, max int64
}

const (
	subBits          = 7
	histogramMaxBits = 42 // more than an hour in nanoseconds
	histogramBuckets = (histogramMaxBits - subBits + 1) << subBits
)

// bucketOf returns the index of the bucket that counts v.
func bucketOf(v int64) int {
	if v < 1<<(subBits+1) {
		return int(max(v, 0))
	}
	n := bits.Len64(uint64(v))
	if n > histogramMaxBits {
		return histogramBuckets - 1
	}
	shift := n - subBits - 1
	return shift<<subBits + int(v>>shift)
}

// bucketStart returns the smallest value that bucket i counts.
func bucketStart(i int) int64 {
	if i < 1<<(subBits+1) {
		return int64(i)
	}
	shift := i>>subBits - 1
	return (int64(i&(1<<subBits-1)) + 1<<subBits) << shift
}

// Record counts one duration in nanoseconds. Negative ones count as 0, those
// past an hour in the last bucket.
func (h *Histogram) Record(v int64) {
	v = max(v, 0)
	h.counts[bucketOf(v)]++
	if h.total == 0 || v < h.min {
		h.min = v
	}
	h.max = max(h.max, v)
	h.total++
	h.sum += float64(v)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.total }

// Percentile returns the smallest recorded value (to the bucket's precision)
// that at least p percent of all values do not exceed; 0 when empty.
func (h *Histogram) Percentile(p float64) time.Duration {
	if h.total == 0 {
		return 0
	}
	want := uint64(math.Ceil(p / 100 * float64(h.total)))
	want = min(max(want, 1), h.total)
	var seen uint64
	for i, n := range h.counts {
		if seen += n; n > 0 && seen >= want {
			mid := (bucketStart(i) + bucketStart(i+1) - 1) / 2
			return time.Duration(min(max(mid, h.min), h.max))
		}
	}
	return time.Duration(h.max)
}

// Latency summarises the histogram; nil when it is empty.
func (h *Histogram) Latency() *Latency {
	if h.total == 0 {
		return nil
	}
	l := &Latency{
		Count: h.total,
		Min:   time.Duration(h.min), Max: time.Duration(h.max),
		Mean: time.Duration(h.sum / float64(h.total)),
		P50:  h.Percentile(50), P90: h.Percentile(90), P99: h.Percentile(99), P999: h.Percentile(99.9),
	}
	l.Buckets = h.decades()
	return l
}

// decades merges the counts into buckets bounded by 1, 2, 5, 10, 20, 50 ... us,
// without the empty ones at both ends.
func (h *Histogram) decades() []Bucket {
	var out []Bucket
	bound, step := int64(time.Microsecond), 0
	i := 0
	for seen := uint64(0); seen < h.total; step++ {
		var n uint64
		for ; i < histogramBuckets && bucketStart(i) < bound; i++ {
			n += h.counts[i]
		}
		if i == histogramBuckets-1 { // the overflow bucket has no upper bound
			n += h.counts[i]
			i++
		}
		seen += n
		if n > 0 || len(out) > 0 {
			out = append(out, Bucket{Below: time.Duration(bound), Count: n})
		}
		if step%3 == 1 {
			bound = bound / 2 * 5
		} else {
			bound *= 2
		}
	}
	return out
}
