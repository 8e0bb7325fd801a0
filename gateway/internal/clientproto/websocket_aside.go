package clientproto

import (
	"bytes"
	"errors"
)

// Inflating takes up to 50 ns for each byte of a message that is made for it, of
// deflate blocks as small as they can be: half a second for one of 10 MB. A handler
// that serves others, too, has it done beside.

// asideFrom is the length from which a compressed message may be inflated beside: a
// shorter one takes less than a millisecond.
const asideFrom = 16 << 10

// Asides is a [Handler] that has long messages inflated by somebody else.
type Asides interface {
	// Aside reports a long compressed message, and whether the handler sees to it
	// that [Inflation.Run] is called and then [State.Resume]. Until then Decode takes
	// nothing more of the client, whose bytes it gets again, from the same message
	// on. If it reports false, Decode inflates the message itself.
	Aside(i *Inflation) bool
}

// Inflation is a message to be inflated.
type Inflation struct {
	codec   *websocket
	x       extra // the client's window and budget, and what becomes of them
	message []byte
	private bool // message is not part of the buffer given to Decode
	whole   bool // it was compressed by itself

	out []byte
	err error
}

// errAside says that a message is inflated beside.
var errAside = errors.New("websocket: a message is inflated beside")

// aside has message inflated beside, if it is long and h can do that.
func (c *websocket) aside(st *State, message []byte, private bool, h Handler) bool {
	if len(message) < c.asideFrom {
		return false
	}
	other, ok := h.(Asides)
	if !ok {
		return false
	}
	i := &Inflation{codec: c, message: message, private: private, whole: st.deflate}
	if x := st.extra; x != nil {
		i.x = extra{torn: x.torn, window: bytes.Clone(x.window), budget: x.budget}
	}
	if !other.Aside(i) {
		return false
	}
	if st.extra == nil {
		st.extra = new(extra)
	}
	st.extra.inflation = i
	st.deferred = true
	return true
}

// Message is the message as it was sent.
func (i *Inflation) Message() []byte { return i.message }

// Keep copies the message if it is part of the buffer given to Decode: for a handler
// whose buffer will be used again before Run.
func (i *Inflation) Keep() {
	if !i.private {
		i.message, i.private = bytes.Clone(i.message), true
	}
}

// Run inflates the message. It uses nothing of the client's.
func (i *Inflation) Run() {
	in := inflaters.Get().(*inflater)
	defer in.release()
	i.out, i.err = in.message(&i.x, i.message, i.codec.max, i.codec.now, i.whole)
	in.out = nil
}

// Inflated is the message as it will be reported, nil before Run and if it is bad.
// It is nobody else's.
func (i *Inflation) Inflated() []byte { return i.out }

// conclude takes the message that was inflated beside.
func (c *websocket) conclude(st *State, h Handler) error {
	x := st.extra
	i := x.inflation
	*x = extra{torn: i.x.torn, window: i.x.window, budget: i.x.budget, custom: x.custom}
	if i.err != nil {
		return i.err
	}
	st.drop()
	h.Inflated(len(i.message), len(i.out))
	h.Message(i.out)
	return nil
}
