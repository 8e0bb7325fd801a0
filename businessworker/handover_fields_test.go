package businessworker

import (
	"reflect"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/handovertest"
)

// Pausing reports whether w waits for its handlers to return, to be handed over.
func Pausing(w *Worker) bool {
	w.dispatcher.mu.Lock()
	defer w.dispatcher.mu.Unlock()
	return w.dispatcher.paused
}

// SetFarewell sets what OnStop gets when a graceful stop has run out of time.
func SetFarewell(w *Worker, d time.Duration) { w.farewell = d }

// TestEverythingPasses: whoever adds a field to what the worker knows has to say
// how it passes to another process (handover_linux.go and handover_take_linux.go),
// or that it need not, and then to name it here.
func TestEverythingPasses(t *testing.T) {
	handovertest.Fields(t, map[reflect.Type]string{
		reflect.TypeFor[Worker]():       "opts log hello call client pool transport watcher gateways dispatcher unwritten stats farewell ctx cancel intake stopIntake watched startEnded startErr standstill mu started taken stop",
		reflect.TypeFor[gatewaySet]():   "worker conns ready mu list wanted kept taken stopped wg unconfirmed",
		reflect.TypeFor[gatewayConn]():  "addr net in reader out worker log lane dirty",
		reflect.TypeFor[reader]():       "gc slab start end frame err batch block",
		reflect.TypeFor[dispatcher]():   "run flush maximum queueSize queueBytes coming wake mu clients ready running idle pending bytes added unflushed room empty paused still closed pauses",
		reflect.TypeFor[clientState]():  "id first last waiting scheduled orphaned next sessionState",
		reflect.TypeFor[sessionState](): "known version changed handling writes",
		reflect.TypeFor[Event]():        "conn msg session next",
	})
}
