package gatewayprotocol

import (
	"fmt"
	"io"
	"strconv"
	"sync"
)

// Tracer writes a conversation as text, one line for each frame, reply or line
// of Register, for tests that compare whole conversations and for people who
// look for a fault:
//
//	worker>gateway CMD_SEND_TO_ONE client=7f0000010b5400000005 from=127.0.0.1:50000 port=8282 flag=scalar ext="" body="hi"
//	gateway>worker reply "i:1;"
//	worker>register line "{\"event\":\"ping\"}"
//
// The text depends on nothing but what is traced. Its methods may be called by
// several goroutines.
type Tracer struct {
	opts TraceOptions

	mu      sync.Mutex // guards the rest and keeps lines whole
	w       io.Writer
	err     error
	buf     []byte
	aliases map[string]string
	counts  map[string]int
}

// TraceOptions configures a [Tracer]. The zero value shows everything as it is.
type TraceOptions struct {
	// Normalize replaces what differs from run to run by names, numbered in
	// order of appearance: a gateway's inner address by gateway1, the
	// connection ids of a client by client1, its address by peer1 and a
	// client-facing port by port1.
	Normalize bool
	// MaxBytes bounds how many bytes of ext_data, body, reply and line are
	// shown; the length of the whole follows. 0 shows all.
	MaxBytes int
}

// NewTracer returns a tracer that writes to w. It stops writing at the first
// error of w; see [Tracer.Err].
func NewTracer(w io.Writer, opts TraceOptions) *Tracer {
	return &Tracer{opts: opts, w: w, aliases: map[string]string{}, counts: map[string]int{}}
}

// Err returns the first error of the writer.
func (t *Tracer) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Frame traces a frame. direction is any word, such as "worker>gateway".
func (t *Tracer) Frame(direction string, m *Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.startLocked(direction, m.Cmd.String())
	gateway := m.ClientID().Gateway()
	peer := GatewayAddress{IP: m.ClientIP, Port: m.ClientPort}.String()
	port := strconv.Itoa(int(m.GatewayPort))
	if t.opts.Normalize {
		b = append(b, " client="...)
		b = append(b, t.aliasLocked("gateway", gateway.String(), gateway != GatewayAddress{})...)
		b = append(b, '/')
		b = append(b, t.aliasLocked("client", m.ClientID().String(), m.ConnectionID != 0)...)
		peer = t.aliasLocked("peer", peer, peer != "0.0.0.0:0")
		port = t.aliasLocked("port", port, m.GatewayPort != 0)
	} else {
		b = append(b, " client="...)
		b = m.ClientID().AppendTo(b)
	}
	b = append(b, " from="...)
	b = append(b, peer...)
	b = append(b, " port="...)
	b = append(b, port...)
	b = append(b, " flag="...)
	b = appendFlag(b, m.Flag)
	b = t.appendBytes(append(b, " ext="...), m.ExtData)
	b = t.appendBytes(append(b, " body="...), m.Body)
	t.writeLocked(b)
}

// Reply traces the payload of a reply.
func (t *Tracer) Reply(direction string, payload []byte) { t.text(direction, "reply", payload) }

// Line traces a line of Register's, without its end.
func (t *Tracer) Line(direction string, line []byte) { t.text(direction, "line", line) }

// Event traces something that is not bytes, such as "closed".
func (t *Tracer) Event(direction, what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writeLocked(t.startLocked(direction, what))
}

func (t *Tracer) text(direction, kind string, data []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := append(t.startLocked(direction, kind), ' ')
	t.writeLocked(t.appendBytes(b, data))
}

func (t *Tracer) startLocked(direction, kind string) []byte {
	b := append(t.buf[:0], direction...)
	b = append(b, ' ')
	return append(b, kind...)
}

func (t *Tracer) writeLocked(b []byte) {
	b = append(b, '\n')
	t.buf = b
	if t.err == nil {
		_, t.err = t.w.Write(b)
	}
}

// aliasLocked returns the name of a value, or "-" for one that is not set.
func (t *Tracer) aliasLocked(kind, value string, set bool) string {
	if !set {
		return "-"
	}
	key := kind + " " + value
	name, ok := t.aliases[key]
	if !ok {
		t.counts[kind]++
		name = kind + strconv.Itoa(t.counts[kind])
		t.aliases[key] = name
	}
	return name
}

func (t *Tracer) appendBytes(dst, data []byte) []byte {
	if limit := t.opts.MaxBytes; limit > 0 && len(data) > limit {
		dst = strconv.AppendQuoteToASCII(dst, string(data[:limit]))
		return fmt.Appendf(dst, "...(%d bytes)", len(data))
	}
	return strconv.AppendQuoteToASCII(dst, string(data))
}

func appendFlag(dst []byte, f Flag) []byte {
	if f == 0 {
		return append(dst, '0')
	}
	sep := ""
	for _, bit := range []struct {
		flag Flag
		name string
	}{{FlagBodyIsScalar, "scalar"}, {FlagNotCallEncode, "raw"}} {
		if f&bit.flag != 0 {
			dst = append(append(dst, sep...), bit.name...)
			sep = "|"
			f &^= bit.flag
		}
	}
	if f != 0 {
		dst = fmt.Appendf(append(dst, sep...), "%#x", uint8(f))
	}
	return dst
}
