package connecthook

import (
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// FuzzDecodeAnswer: whatever an endpoint answers is an error, or something that the
// gateway can judge.
func FuzzDecodeAnswer(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, seed := range []string{
		"", "{}", "[]", "\ufeff{}", `{"headers":{"X-A":"1","X-B":["2",3]},"protocol":"chat","uid":42,"groups":["room",7],"session":{"name":"Ann"}}`,
		`{"uid":null}`, `{"uid":1e3}`, `{"groups":{"0":"a"}}`, `{"session":[1,[2]]}`, `{"x":1}`, `"a"`, `{"headers":{"0":"a"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := decodeAnswer(data)
		if err != nil {
			return
		}
		if a.Status != 0 || a.Body != "" {
			t.Errorf("%q refuses", data)
		}
		if a.Session != nil {
			if _, err := phpserialize.Marshal(a.Session); err != nil {
				t.Errorf("%q: session: %v", data, err)
			}
		}
	})
}
