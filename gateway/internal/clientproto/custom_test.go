package clientproto

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// numbered is a protocol for tests: packets of a digit, which is the length of
// what follows, and that many bytes. Messages get the client's count of
// packets in front. Some first bytes do something else.
type numbered struct{}

func (numbered) Input(buf []byte, client *Conn) (int, error) {
	switch c := buf[0]; c {
	case 'e':
		return 0, errors.New("bad type")
	case 'p':
		panic("in input")
	case '-':
		return -1, nil
	case 'L':
		return DefaultMaxPackageSize + 1, nil
	case 'm':
		return DefaultMaxPackageSize, nil
	case 'w':
		return 0, nil
	case 'h', 'E', 'P':
		return 1, nil
	default:
		return 1 + int(c-'0'), nil
	}
}

func (numbered) Decode(packet []byte, client *Conn) ([]byte, bool, error) {
	switch packet[0] {
	case 'h':
		client.Reply([]byte("H:" + client.RemoteAddr().String() + "/" + itoa(int(client.LocalPort()))))
		return nil, false, nil
	case 'E':
		return nil, false, errors.New("bad packet")
	case 'P':
		panic("in decode")
	case 'm':
		return packet[:1], true, nil
	}
	count, _ := client.State().(int)
	client.SetState(count + 1)
	return append([]byte(itoa(count)+" "), packet[1:]...), true, nil
}

func (numbered) AppendPacket(dst, message []byte) []byte {
	if string(message) == "panic" {
		panic("in append")
	}
	return append(append(dst, byte('0'+len(message))), message...)
}

func TestCustomProtocol(t *testing.T) {
	heartbeat := "H:192.0.2.7:54321/8282"
	big := strings.Repeat("x", DefaultMaxPackageSize-1)
	codec := NewCustom(numbered{}, 0, nil)
	for _, c := range []codecCase{
		{name: "messages", input: "1a2bc0", want: events(messageEvent("0 a"), messageEvent("1 bc"), messageEvent("2 "))},
		{name: "half", input: "1a3bc", want: events(messageEvent("0 a"))},
		{name: "heartbeats are no messages", input: "1ahh1b", want: events(messageEvent("0 a"), outEvent(heartbeat+heartbeat), messageEvent("1 b"))},
		{name: "largest", input: "m" + big + "1a", want: events(messageEvent("m"), messageEvent("0 a"))},
		{name: "no length", input: "w" + big[1:], want: nil},
		{name: "no length at the limit", input: "w" + big, want: events(closedEvent()), err: "no packet in 10485760 bytes"},
		{name: "negative length", input: "1a-", want: events(messageEvent("0 a"), closedEvent()), err: "packet length -1 is not"},
		{name: "length above the limit", input: "L", want: events(closedEvent()), err: "packet length 10485761 is not"},
		{name: "error of Input", input: "1ae", want: events(messageEvent("0 a"), closedEvent()), err: "input: bad type"},
		{name: "error of Decode", input: "1aE", want: events(messageEvent("0 a"), closedEvent()), err: "decode: bad packet"},
		{name: "panic of Input", input: "1ap", want: events(messageEvent("0 a"), closedEvent()), err: "input: panic: in input"},
		{name: "panic of Decode", input: "1aP", want: events(messageEvent("0 a"), closedEvent()), err: "decode: panic: in decode"},
	} {
		c.protocol = "custom protocol"
		t.Run(c.name, func(t *testing.T) {
			input := []byte(c.input)
			c.check(t, run(t, codec, whole(input)))
			if len(input) > 100 {
				c.check(t, run(t, codec, halves(input, len(input)-1)))
				return
			}
			c.check(t, run(t, codec, singles(input)))
			for i := range input {
				c.check(t, run(t, codec, halves(input, i)))
			}
		})
	}
}

func TestCustomProtocolStopsWhenClosed(t *testing.T) {
	r := &recorder{t: t, codec: NewCustom(numbered{}, 0, nil), closeAfter: 1}
	r.feed([]byte("1a1be"))
	if diff := cmp.Diff(events(messageEvent("0 a")), r.events, cmp.AllowUnexported(codecEvent{})); diff != "" || r.err != nil {
		t.Errorf("error %v, events (-want +got):\n%s", r.err, diff)
	}
}

func TestCustomProtocolAppendPanics(t *testing.T) {
	var dropped []error
	codec := NewCustom(numbered{}, 0, func(err error) { dropped = append(dropped, err) })
	packet := codec.AppendMessage([]byte("before"), []byte("panic"))
	packet = codec.AppendMessage(packet, []byte("ab"))
	if want := "before2ab"; string(packet) != want {
		t.Errorf("packets %q, want %q", packet, want)
	}
	if len(dropped) != 1 || !strings.Contains(dropped[0].Error(), "message of 5 bytes dropped: panic: in append") {
		t.Errorf("dropped: %v, want the panic once", dropped)
	}
}

func TestCustomProtocolAllocations(t *testing.T) {
	codec := NewCustom(splitProtocol{}, 0, nil)
	r := &countingHandler{}
	input := bytes.Repeat([]byte("a message;"), 10)
	var st State
	if n := testing.AllocsPerRun(100, func() { _, _ = codec.Decode(&st, input, r) }); n > 0 {
		t.Errorf("%v allocations for ten packets, want 0", n)
	}
	if r.messages < 1000 {
		t.Errorf("%d messages, want 10 a run", r.messages)
	}
}

// splitProtocol ends each packet with a semicolon.
type splitProtocol struct{}

func (splitProtocol) Input(buf []byte, _ *Conn) (int, error) {
	return bytes.IndexByte(buf, ';') + 1, nil
}

func (splitProtocol) Decode(packet []byte, _ *Conn) ([]byte, bool, error) {
	return packet[:len(packet)-1], true, nil
}

func (splitProtocol) AppendPacket(dst, message []byte) []byte {
	return append(append(dst, message...), ';')
}
