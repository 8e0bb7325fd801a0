package handover

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func TestRecord(t *testing.T) {
	r := NewRecord(20)
	r.Uint(1, 7)
	r.Uint(2, 0) // left out
	r.Int(3, -5)
	r.Int(4, math.MinInt64)
	r.Bool(5, true)
	r.Bool(6, false) // left out
	r.Bytes(7, []byte("a\x00b"))
	r.Bytes(8, nil) // left out
	r.Element(9, nil)
	r.Element(9, []byte("x"))
	r.String(10, "uid")
	f, err := ParseRecord(r.Encoded())
	if err != nil {
		t.Fatal(err)
	}
	if f.Kind() != 20 {
		t.Errorf("kind %d", f.Kind())
	}
	type field struct {
		n int
		u uint64
		i int64
		b string
	}
	var got []field
	for f.Next() {
		got = append(got, field{f.Field(), f.Uint(), f.Int(), f.Text()})
	}
	if f.Err() != nil {
		t.Fatal(f.Err())
	}
	want := []field{
		{1, 7, -4, ""}, {3, 9, -5, ""}, {4, math.MaxUint64, math.MinInt64, ""}, {5, 1, -1, ""},
		{7, 0, 0, "a\x00b"}, {9, 0, 0, ""}, {9, 0, 0, "x"}, {10, 0, 0, "uid"},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("field %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

func TestMalformedRecords(t *testing.T) {
	for name, p := range map[string]string{
		"nothing":                      "",
		"no kind":                      "\x00",
		"a kind that does not end":     "\xff",
		"a field without a value":      "\x14\x02",
		"a field number 0":             "\x14\x00\x01",
		"a field that is cut off":      "\x14\x03\x05ab",
		"a length beyond all memory":   "\x14\x03\xff\xff\xff\xff\xff\xff\xff\xff\x7fab",
		"a field number beyond reason": "\x14\xff\xff\xff\xff\x0f\x01",
	} {
		f, err := ParseRecord([]byte(p))
		if err == nil {
			for f.Next() {
			}
			err = f.Err()
		}
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	r := NewRecord(16)
	r.Uint(1, 300)
	r.Bytes(2, []byte("session"))
	f.Add(r.Encoded())
	f.Fuzz(func(t *testing.T, p []byte) {
		fields, err := ParseRecord(p)
		if err != nil {
			return
		}
		again := NewRecord(fields.Kind())
		for fields.Next() {
			if b := fields.Bytes(); b != nil {
				again.Element(fields.Field(), b)
			} else {
				again.Uint(fields.Field(), fields.Uint())
			}
		}
		if fields.Err() != nil {
			return
		}
		// What was read can be written, and reads as the same.
		second, err := ParseRecord(again.Encoded())
		if err != nil {
			t.Fatal(err)
		}
		third := NewRecord(second.Kind())
		for second.Next() {
			if b := second.Bytes(); b != nil {
				third.Element(second.Field(), b)
			} else {
				third.Uint(second.Field(), second.Uint())
			}
		}
		if second.Err() != nil || !bytes.Equal(again.Encoded(), third.Encoded()) {
			t.Fatalf("%x, then %x, %v", again.Encoded(), third.Encoded(), second.Err())
		}
	})
}
