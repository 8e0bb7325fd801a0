package businessworker

import (
	"reflect"
	"strings"
	"testing"
)

// Pausing reports whether w waits for its handlers to return, to be handed over.
func Pausing(w *Worker) bool {
	w.dispatcher.mu.Lock()
	defer w.dispatcher.mu.Unlock()
	return w.dispatcher.paused
}

// TestEverythingPasses: whoever adds a field to what the worker knows has to say
// how it passes to another process (handover_linux.go and handover_take_linux.go),
// or that it need not, and then to name it here.
func TestEverythingPasses(t *testing.T) {
	for _, tt := range []struct {
		of    any
		known string
	}{
		{Worker{}, "opts log hello call client pool transport watcher gateways dispatcher unwritten stats ctx cancel intake stopIntake watched startEnded startErr standstill mu started taken stop"},
		{gatewaySet{}, "worker conns ready mu list wanted kept taken stopped wg unconfirmed"},
		{gatewayConn{}, "addr net in reader out worker log lane dirty"},
		{reader{}, "gc slab start end frame err batch block"},
		{dispatcher{}, "run flush maximum queueSize queueBytes coming wake mu clients ready running idle pending bytes added unflushed room empty paused still closed pauses"},
		{clientState{}, "id first last waiting scheduled orphaned next sessionState"},
		{sessionState{}, "known version changed handling writes"},
		{Event{}, "conn msg session next"},
	} {
		var fields []string
		of := reflect.TypeOf(tt.of)
		for f := range of.Fields() {
			fields = append(fields, f.Name)
		}
		if got := strings.Join(fields, " "); got != tt.known {
			t.Errorf("%v has the fields\n%s\nknown are\n%s", of, got, tt.known)
		}
	}
}
