package clientproto

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

func itoa(n int) string { return strconv.Itoa(n) }

// eventKind says what a codec did: the letters of testdata/oracle_stream.php.
type eventKind byte

const (
	eventHandshake eventKind = 'h'
	eventMessage   eventKind = 'm'
	eventOut       eventKind = 'o' // bytes for the client
	eventClosed    eventKind = 'c'
)

type codecEvent struct {
	kind eventKind
	data string
}

func (e codecEvent) String() string {
	data := e.data
	if len(data) > 64 {
		data = fmt.Sprintf("%s...(%d bytes)", data[:32], len(data))
	}
	return fmt.Sprintf("%c%q", e.kind, data)
}

func handshakeEvent() codecEvent             { return codecEvent{kind: eventHandshake} }
func messageEvent(data string) codecEvent    { return codecEvent{eventMessage, data} }
func outEvent(data string) codecEvent        { return codecEvent{eventOut, data} }
func closedEvent() codecEvent                { return codecEvent{kind: eventClosed} }
func events(list ...codecEvent) []codecEvent { return list }

// recorder is a client that writes down what its codec does.
type recorder struct {
	t      testing.TB
	codec  Codec
	st     State
	rest   []byte // what decode did not consume
	events []codecEvent
	err    error
	closed bool

	closeAfter int // close when so many messages have come; 0 = never
	messages   int
	data       []byte // body of ON_WEBSOCKET_CONNECT, if wantData
	wantData   bool
	headers    []string // that are added to the answer, "Name: value"
	passOn     bool     // the state goes through AppendState before every chunk
}

// add appends an event; bytes for the client that follow each other are one.
func (r *recorder) add(e codecEvent) {
	if n := len(r.events); e.kind == eventOut && n > 0 && r.events[n-1].kind == eventOut {
		r.events[n-1].data += e.data
		return
	}
	r.events = append(r.events, e)
}

func (r *recorder) Request(req *Request) {
	r.add(handshakeEvent())
	for _, h := range r.headers {
		name, value, _ := strings.Cut(h, ": ")
		req.AddHeader(name, value)
	}
	if r.wantData {
		r.data = req.AppendEvent(nil)
	}
}

func (r *recorder) Handshaken(response []byte) { r.add(outEvent(string(response))) }
func (r *recorder) Reply(raw []byte)           { r.add(outEvent(string(raw))) }

func (r *recorder) Message(payload []byte) {
	r.add(messageEvent(string(payload)))
	if r.messages++; r.messages == r.closeAfter {
		r.closed = true
	}
}

func (r *recorder) Close(raw []byte) {
	if len(raw) > 0 {
		r.add(outEvent(string(raw)))
	}
	r.closed = true
}

func (r *recorder) Inflated(int, int)          {}
func (r *recorder) Closing() bool              { return r.closed }
func (r *recorder) RemoteAddr() netip.AddrPort { return netip.MustParseAddrPort("192.0.2.7:54321") }
func (r *recorder) LocalPort() uint16          { return 8282 }
func (r *recorder) RemoteIP() string           { return "192.0.2.7" }

// feed presents one more chunk the way the gateway does, and checks what every
// codec has to keep to.
func (r *recorder) feed(chunk []byte) {
	if r.closed || r.err != nil {
		return
	}
	if r.passOn {
		state := r.st.AppendState(nil)
		r.st = State{need: 77, extra: &extra{torn: true}}
		if err := r.st.Restore(state); err != nil {
			r.t.Fatalf("the state %x cannot be restored: %v", state, err)
		}
	}
	r.rest = append(r.rest, chunk...)
	if len(r.rest) < int(r.st.need) {
		Prepare(r.codec, &r.st, r.rest)
		return
	}
	original := bytes.Clone(r.rest)
	n, err := r.codec.Decode(&r.st, r.rest, r)
	if err != nil {
		r.err = err
		return
	}
	if n < 0 || n > len(r.rest) {
		r.t.Fatalf("decode consumed %d of %d bytes", n, len(r.rest))
	}
	if r.closed && n != len(r.rest) {
		r.t.Fatalf("decode of a closed connection consumed %d of %d bytes", n, len(r.rest))
	}
	if !bytes.Equal(r.rest[n:], original[n:]) {
		r.t.Fatalf("decode changed what it did not consume: %q, was %q", r.rest[n:], original[n:])
	}
	r.rest = bytes.Clone(r.rest[n:])
	if need := int(r.st.need); need != 0 && (need <= len(r.rest) || need > DefaultMaxPackageSize) {
		r.t.Fatalf("need = %d with %d bytes there", need, len(r.rest))
	}
}

// result returns the events, with the end of the connection as the last.
func (r *recorder) result() []codecEvent {
	if r.closed && r.closeAfter == 0 || r.err != nil {
		return append(r.events[:len(r.events):len(r.events)], closedEvent())
	}
	return r.events
}

// run feeds chunks to a new client.
func run(t testing.TB, c Codec, chunks [][]byte) *recorder {
	t.Helper()
	r := &recorder{t: t, codec: c}
	r.feedAll(chunks)
	return r
}

func (r *recorder) feedAll(chunks [][]byte) {
	for _, chunk := range chunks {
		r.feed(chunk)
	}
}

// whole, singles and halves are the ways in which input may arrive.
func whole(input []byte) [][]byte { return [][]byte{input} }

func singles(input []byte) [][]byte {
	var chunks [][]byte
	for i := range input {
		chunks = append(chunks, input[i:i+1:i+1])
	}
	return chunks
}

func halves(input []byte, at int) [][]byte { return [][]byte{input[:at:at], input[at:]} }
