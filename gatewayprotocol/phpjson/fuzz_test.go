package phpjson

import (
	"bytes"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

func FuzzDecode(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, c := range decodeCorpus {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Decode(data)
		if err != nil {
			codeOf(t, err)
			return
		}
		for _, opt := range []Options{{}, {UnescapedUnicode: true, UnescapedSlashes: true}} {
			once, err := Encode(v, opt)
			if err != nil {
				if codeOf(t, err) != ErrInfOrNaN { // 1e999
					t.Fatal(err)
				}
				return
			}
			w, err := Decode(once)
			if err != nil {
				t.Fatalf("%q: own output %q is refused: %v", data, once, err)
			}
			// The float -0.0 is written as -0, which reads as the int 0.
			if bytes.Contains(once, []byte("-0")) {
				continue
			}
			if twice, err := Encode(w, opt); err != nil || !bytes.Equal(once, twice) {
				t.Fatalf("%q became %q, %v", once, twice, err)
			}
		}
	})
}
