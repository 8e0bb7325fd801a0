package register

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

func readAll(r io.Reader, max int) (lines []string, err error) {
	l := newLineReader(r, max)
	for {
		line, err := l.next()
		if err != nil {
			return lines, err
		}
		lines = append(lines, string(line))
	}
}

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", 3000)
	for _, tt := range []struct {
		in   string
		max  int
		want []string
		err  error
	}{
		{in: "a\nb\r\n\n\r\r\nc", max: 100, want: []string{"a", "b", "", ""}, err: io.EOF},
		{in: long + "\n" + long + "\nz\n", max: 3002, want: []string{long, long, "z"}, err: io.EOF},
		{in: "a\n" + long + "\n", max: 3001, want: []string{"a"}, err: ErrLineTooLong},
		{in: long, max: 3000, err: ErrLineTooLong},
		{in: long, max: 3001, err: io.EOF},
	} {
		for name, r := range map[string]io.Reader{
			"whole":  strings.NewReader(tt.in),
			"bytes":  iotest.OneByteReader(strings.NewReader(tt.in)),
			"halves": iotest.HalfReader(strings.NewReader(tt.in)),
			"late":   iotest.DataErrReader(strings.NewReader(tt.in)),
		} {
			got, err := readAll(r, tt.max)
			if strings.Join(got, "|") != strings.Join(tt.want, "|") || !errors.Is(err, tt.err) {
				t.Errorf("%s, %.10q limit %d: %d lines, %v, want %d, %v", name, tt.in, tt.max, len(got), err, len(tt.want), tt.err)
			}
		}
	}
}

func FuzzLineReader(tf *testing.F) {
	f := fuzzvolume.For(tf)
	f.Add("a\nb\r\nc", 2, 10)
	f.Add("\n\n", 1, 3)
	f.Fuzz(func(t *testing.T, in string, cut, max int) {
		if max <= 0 || max > 1<<16 || cut < 0 || cut > len(in) {
			return
		}
		whole, err1 := readAll(strings.NewReader(in), max)
		halves, err2 := readAll(io.MultiReader(strings.NewReader(in[:cut]), strings.NewReader(in[cut:])), max)
		if strings.Join(whole, "\n") != strings.Join(halves, "\n") || !errors.Is(err1, err2) {
			t.Fatalf("whole %q %v, in halves %q %v", whole, err1, halves, err2)
		}
	})
}
