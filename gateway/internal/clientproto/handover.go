package clientproto

import "github.com/go-gatewayworker/gatewayworker/internal/handover"

// Fields of a client's protocol state.
const (
	fieldHandshaken = 1 + iota
	fieldNeed
	fieldScanned
	fieldCollected
	fieldDeflated
	fieldWindow
	fieldTorn
	fieldDeflate
	fieldBegun
)

const kindState = handover.FirstKind

// AppendState appends to dst what another process needs to go on with the
// client, as [State.Restore] reads it: nothing for a client that has not said
// anything. The budget of inflated bytes begins anew. A request whose answer is
// deferred is reported once more, and a message that is inflated beside is inflated
// there. What a custom [Protocol]
// keeps of a client is not part of it.
func (st *State) AppendState(dst []byte) []byte {
	if *st == (State{}) {
		return dst
	}
	r := handover.NewRecord(kindState)
	r.Bool(fieldHandshaken, st.handshaken)
	if !st.deferred {
		r.Uint(fieldNeed, uint64(st.need))
	}
	r.Uint(fieldScanned, uint64(st.scanned))
	r.Bool(fieldDeflate, st.deflate)
	if x := st.extra; x != nil {
		r.Bool(fieldBegun, x.begun)
		r.Bytes(fieldCollected, x.collected)
		r.Bool(fieldDeflated, x.deflated)
		r.Bytes(fieldWindow, x.window)
		r.Bool(fieldTorn, x.torn)
	}
	return append(dst, r.Encoded()...)
}

// Restore sets the state to what AppendState has written.
func (st *State) Restore(p []byte) error {
	*st = State{}
	if len(p) == 0 {
		return nil
	}
	f, err := handover.ParseRecord(p)
	if err != nil {
		return err
	}
	var x extra
	for f.Next() {
		switch f.Field() {
		case fieldHandshaken:
			st.handshaken = f.Bool()
		case fieldNeed:
			st.need = uint32(f.Uint())
		case fieldScanned:
			st.scanned = uint32(f.Uint())
		case fieldCollected:
			x.collected = f.Copy()
		case fieldDeflated:
			x.deflated = f.Bool()
		case fieldWindow:
			x.window = f.Copy()
		case fieldTorn:
			x.torn = f.Bool()
		case fieldDeflate:
			st.deflate = f.Bool()
		case fieldBegun:
			x.begun = f.Bool()
		}
	}
	if x.collected != nil || x.begun || x.deflated || x.window != nil || x.torn {
		st.extra = &x
	}
	return f.Err()
}
