package phpserialize

import (
	"errors"
	"runtime"
	"strings"
	"testing"
)

func nested(levels int, inner string) []byte {
	return []byte(strings.Repeat("a:1:{i:0;", levels) + inner + strings.Repeat("}", levels))
}

func TestDepth(t *testing.T) {
	for _, c := range []struct {
		name   string
		data   []byte
		tooFar bool
	}{
		{"4096 arrays", nested(4096, "N;"), false},
		{"an empty array is no level", nested(4096, "a:0:{}"), false},
		{"4097 arrays", nested(4097, "N;"), true},
		{"an empty object is a level", nested(4096, `O:1:"A":0:{}`), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := Unmarshal(c.data)
			if c.tooFar {
				var limit *LimitError
				if !errors.As(err, &limit) || limit.What != "depth" || limit.Limit != 4096 {
					t.Fatalf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if out, err := Marshal(v); string(out) != string(c.data) {
				t.Fatalf("not the same again: %v", err)
			}
			var limit *LimitError
			if _, err := Marshal(ListOf(v)); !errors.As(err, &limit) {
				t.Fatalf("a level more: got %v", err)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	data := []byte(`a:2:{i:0;a:1:{i:0;i:1;}i:1;i:2;}rest`)
	for _, c := range []struct {
		limits Limits
		what   string
	}{
		{Limits{}, ""},
		{Limits{MaxDepth: 2, MaxElements: 3, MaxBytes: len(data)}, ""},
		{Limits{MaxDepth: 1}, "depth"},
		{Limits{MaxElements: 2}, "elements"},
		{Limits{MaxBytes: len(data) - 1}, "bytes"},
	} {
		_, n, err := c.limits.Decode(data)
		var limit *LimitError
		if errors.As(err, &limit) != (c.what != "") || err != nil && limit.What != c.what {
			t.Errorf("%+v: %v", c.limits, err)
		}
		if err == nil && n != len(data)-len("rest") {
			t.Errorf("took %d bytes", n)
		}
	}
}

// What a text claims must not decide how much memory is taken.
func TestClaimsTakeNoMemory(t *testing.T) {
	for _, s := range []string{
		"a:1000000000:{",
		"a:1000000000:{}",
		"a:18446744073709551615:{i:0;",
		`O:1:"A":1000000000:{}`,
		`s:1000000000:"abc";`,
		`S:1000000000:"abc";`,
		`C:1:"A":1000000000:{}`,
		`C:1:"A":9223372036854775807:{}`,
		`O:1000000000:"A":0:{}`,
		`E:1000000000:"A:B";`,
		"a:9:{i:0;a:9:{i:0;a:9:{i:0;a:9:{",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Unmarshal([]byte(s))
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", s)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 64<<10 {
			t.Errorf("%s: took %d bytes", s, taken)
		}
	}
}

// Many arrays that each claim as many elements as the rest has bytes.
func TestNestedClaimsTakeLittleMemory(t *testing.T) {
	data := []byte(strings.Repeat("a:1000:{i:0;", 4000) + strings.Repeat(" ", 100_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Unmarshal(data); err == nil {
		t.Fatal("no error")
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 4<<20 {
		t.Errorf("took %d bytes for %d", taken, len(data))
	}
}

func TestReplaceRecursiveRecursion(t *testing.T) {
	decode := func(s string) *Array {
		v, err := Unmarshal([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		return v.(*Array)
	}
	itself := `a:1:{i:0;a:1:{i:0;R:2;}}`
	if out := ArrayReplaceRecursive(decode(itself), decode(itself)); out != nil {
		t.Error("PHP throws Recursion detected")
	}
	// Each level refers to the one below twice: 2^40 elements when merged.
	var b strings.Builder
	const levels = 40
	b.WriteString(strings.Repeat("a:2:{i:0;", levels) + "a:1:{i:0;i:1;}")
	for i := levels; i > 0; i-- {
		b.WriteString("i:1;R:" + itoa(i+1) + ";}")
	}
	if out := ArrayReplaceRecursive(decode(b.String()), decode(b.String())); out != nil {
		t.Error("merged what does not fit into memory")
	}
}
