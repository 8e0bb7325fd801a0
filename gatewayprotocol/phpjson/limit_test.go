package phpjson

import (
	"errors"
	"fmt"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

func TestMaxBytes(t *testing.T) {
	list := phpserialize.ListOf("abc", "def") // ["abc","def"]
	for limit, fits := range map[int]bool{0: true, 12: false, 13: true} {
		out, err := Append([]byte("before"), list, Options{MaxBytes: limit})
		if fits != (err == nil) || !fits && (!errors.Is(err, ErrTooLong) || string(out) != "before") {
			t.Errorf("MaxBytes %d: %q, %v", limit, out, err)
		}
	}

	// Every level holds the one below twice, by reference.
	serialized := `s:1:"x";`
	for level := 60; level >= 1; level-- {
		serialized = fmt.Sprintf("a:2:{i:0;%si:1;R:%d;}", serialized, level+1)
	}
	v, err := phpserialize.Unmarshal([]byte(serialized))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Append(nil, v, Options{MaxBytes: 1 << 20}); !errors.Is(err, ErrTooLong) {
		t.Errorf("2^60 elements: %v, want ErrTooLong", err)
	}
}
