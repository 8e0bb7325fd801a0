package bench

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestHistogramBucketsAreContiguous(t *testing.T) {
	for i := range histogramBuckets - 1 {
		from, to := bucketStart(i), bucketStart(i+1)
		if from >= to {
			t.Fatalf("bucket %d starts at %d, the next at %d", i, from, to)
		}
		if bucketOf(from) != i || bucketOf(to-1) != i {
			t.Fatalf("bucket %d is [%d, %d), but they count in %d and %d", i, from, to, bucketOf(from), bucketOf(to-1))
		}
		if from > 256 && float64(to-from)/float64(from) > 0.008 {
			t.Fatalf("bucket %d: [%d, %d) is wider than 0.8 %%", i, from, to)
		}
	}
	if got := bucketOf(math.MaxInt64); got != histogramBuckets-1 {
		t.Errorf("the largest value counts in bucket %d", got)
	}
}

func TestHistogramPercentiles(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var h Histogram
	var all []int64
	for range 20000 {
		v := int64(math.Exp(r.Float64()*20) * 50)
		all = append(all, v)
		h.Record(v)
	}
	slices.Sort(all)
	for _, p := range []float64{0, 1, 50, 90, 99, 99.9, 100} {
		want := all[max(int(math.Ceil(p/100*float64(len(all))))-1, 0)]
		got := int64(h.Percentile(p))
		if d := math.Abs(float64(got-want)) / float64(want); d > 0.008 {
			t.Errorf("p%v = %d, want %d within 0.8 %%", p, got, want)
		}
	}
	l := h.Latency()
	if l.Min != time.Duration(all[0]) || l.Max != time.Duration(all[len(all)-1]) || l.Count != 20000 {
		t.Errorf("min %d, max %d, count %d; want %d, %d, 20000", l.Min, l.Max, l.Count, all[0], all[len(all)-1])
	}
	var n uint64
	for i, b := range l.Buckets {
		n += b.Count
		want := 0
		for _, v := range all {
			if v < int64(b.Below) && (i == 0 || v >= int64(l.Buckets[i-1].Below)) {
				want++
			}
		}
		// A bucket of the histogram may straddle a bound.
		if d := math.Abs(float64(int(b.Count) - want)); d > 40 {
			t.Errorf("%d values below %s, want about %d", b.Count, b.Below, want)
		}
	}
	if n != 20000 {
		t.Errorf("the drawn buckets hold %d values, want 20000", n)
	}
}

func TestHistogramEdges(t *testing.T) {
	var h Histogram
	if h.Latency() != nil || h.Percentile(50) != 0 {
		t.Error("an empty histogram has a latency")
	}
	h.Record(-5)
	h.Record(math.MaxInt64)
	if l := h.Latency(); l.Min != 0 || l.Max != math.MaxInt64 || l.P50 != 0 {
		t.Errorf("%+v", l)
	}
	if b := h.Latency().Buckets; b[0].Count != 1 || b[len(b)-1].Count != 1 {
		t.Errorf("the bars are %v", b)
	}
}

func BenchmarkHistogramRecord(b *testing.B) {
	var h Histogram
	for i := range b.N {
		h.Record(int64(i) * 37)
	}
}
