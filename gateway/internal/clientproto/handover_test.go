package clientproto

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/handover"
)

// TestStateIsPassedOn: whoever adds a field to the state of a client has to say
// how it is passed to another process. What it holds is checked by
// sameHoweverCut, which passes the state on in the middle of every input.
func TestStateIsPassedOn(t *testing.T) {
	for _, tt := range []struct {
		of    any
		known []string
	}{
		{State{}, []string{"extra", "need", "scanned", "handshaken", "deferred", "deflate"}},
		{extra{}, []string{"collected", "begun", "deflated", "torn", "window", "budget", "inflation", "custom"}},
	} {
		var fields []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(tt.of)) {
			fields = append(fields, f.Name)
		}
		if !slices.Equal(fields, tt.known) {
			t.Errorf("%T has the fields %q; make AppendState and Restore know them, then this test", tt.of, fields)
		}
	}
	if p := new(State).AppendState(nil); len(p) != 0 {
		t.Errorf("a client that said nothing has %d bytes of state", len(p))
	}
	if err := new(State).Restore([]byte{16, 3}); !errors.Is(err, handover.ErrMalformed) {
		t.Errorf("a state that is cut off: %v", err)
	}
}
