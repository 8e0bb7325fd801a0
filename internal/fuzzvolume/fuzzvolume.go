package fuzzvolume

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The variables that ask for a run in bulk.
const (
	volumeVariable = "GATEWAYWORKER_FUZZ_VOLUME"
	seedVariable   = "GATEWAYWORKER_FUZZ_SEED"
)

// F is a *testing.F whose target can be run in bulk.
type F struct {
	*testing.F
	volume volume
	seeds  [][]any
}

// volume says how much to run; no executions is none.
type volume struct {
	executions uint64
	time       time.Duration // 0: without limit
	seed       uint64
}

// For returns f with the kept corpus of its target.
func For(f *testing.F) *F {
	f.Helper()
	v, err := volumeOf(os.Getenv(volumeVariable), os.Getenv(seedVariable))
	if err != nil {
		f.Fatal(err)
	}
	out := &F{F: f, volume: v}
	kept, err := readCorpus(filepath.Join("testdata", "corpus", f.Name()))
	if err != nil {
		f.Fatal(err)
	}
	for _, args := range kept {
		out.Add(args...)
	}
	return out
}

// volumeOf reads the two variables.
func volumeOf(amount, seed string) (volume, error) {
	v := volume{seed: 1}
	if amount == "" {
		return v, nil
	}
	count, limit, limited := strings.Cut(amount, ",")
	n, err := strconv.ParseFloat(count, 64)
	if err != nil || n < 1 || n > 1e15 {
		return v, fmt.Errorf("%s=%s: %q is no number of executions, such as 1e6", volumeVariable, amount, count)
	}
	v.executions = uint64(n)
	if limited {
		if v.time, err = time.ParseDuration(limit); err != nil || v.time <= 0 {
			return v, fmt.Errorf("%s=%s: %q is no time, such as 30s", volumeVariable, amount, limit)
		}
	}
	if seed != "" {
		if v.seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
			return v, fmt.Errorf("%s=%s is no number", seedVariable, seed)
		}
	}
	return v, nil
}

// Add adds a seed, as testing.F.Add does.
func (f *F) Add(args ...any) {
	f.Helper()
	f.F.Add(args...)
	if f.volume.executions > 0 {
		f.seeds = append(f.seeds, args)
	}
}

// Fuzz runs the target as testing.F.Fuzz does, or in bulk.
func (f *F) Fuzz(target any) {
	f.Helper()
	if f.volume.executions == 0 {
		f.F.Fuzz(target)
		return
	}
	if len(f.seeds) == 0 {
		f.Fatal("a run in bulk starts from seeds, and there are none: call Add")
	}
	run := newRun(f.Name(), target, f.seeds, f.volume)
	f.F.Fuzz(run.wrapped())
}
