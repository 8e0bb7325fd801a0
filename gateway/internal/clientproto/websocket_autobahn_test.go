package clientproto

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// autobahnCases are the cases of the Autobahn test suite's categories 1 to 7
// and 10, by their numbers. The suite runs them against an echoing server; here
// it is the events that count. Its variants that differ only in how the bytes
// are cut (5.4, 5.5, ...) are there once, because every case is cut everywhere.
// Categories 9 (speed), 12 and 13 (compression, never negotiated) are left out.
//
// rfc marks the cases that the suite expects to end the connection while PHP,
// and so this gateway, goes on.
func autobahnCases() []codecCase {
	var cases []codecCase
	for _, group := range [][]codecCase{
		autobahnFraming(), autobahnPings(), autobahnReservedBits(), autobahnOpcodes(),
		autobahnFragmentation(), autobahnUTF8(), autobahnClose(),
	} {
		for _, c := range group {
			c.name = "autobahn/" + c.name
			cases = append(cases, afterHandshake(c))
		}
	}
	return cases
}

func autobahnFraming() []codecCase {
	var cases []codecCase
	for i, kind := range []struct {
		first byte
		fill  string
	}{{0x81, "*"}, {0x82, "\xfe"}} {
		for j, size := range []int{0, 125, 126, 127, 128, 65535, 65536} {
			body := strings.Repeat(kind.fill, size)
			cases = append(cases, codecCase{
				name:  fmt.Sprintf("1.%d.%d", i+1, j+1),
				input: wsFrame(kind.first, body), want: events(messageEvent(body)),
			})
		}
	}
	// 10.1.1: a message of 64 KiB in frames of 1300 bytes.
	body := strings.Repeat("0123456789abcdef", 4096)
	var frames strings.Builder
	for at := 0; at < len(body); at += 1300 {
		end := min(at+1300, len(body))
		first := byte(0x00)
		if at == 0 {
			first = 0x01
		}
		if end == len(body) {
			first |= 0x80
		}
		frames.WriteString(wsFrame(first, body[at:end]))
	}
	return append(cases, codecCase{name: "10.1.1", input: frames.String(), want: events(messageEvent(body))})
}

func autobahnPings() []codecCase {
	x125, x126 := strings.Repeat("\xfe", 125), strings.Repeat("\xfe", 126)
	const bytes8 = "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
	var ten, tenPongs string
	for i := range 10 {
		payload := fmt.Sprintf("payload-%d", i)
		ten += wsFrame(0x89, payload)
		tenPongs += "\x8a\x09" + payload
	}
	return []codecCase{
		{name: "2.1", input: wsFrame(0x89, ""), want: events(outEvent("\x8a\x00"))},
		{name: "2.2", input: wsFrame(0x89, "Hello, world!"), want: events(outEvent("\x8a\x0dHello, world!"))},
		{name: "2.3", input: wsFrame(0x89, bytes8), want: events(outEvent("\x8a\x08" + bytes8))},
		{name: "2.4, 2.6", input: wsFrame(0x89, x125), want: events(outEvent("\x8a\x7d" + x125))},
		{name: "2.5", input: wsFrame(0x89, x126), want: events(outEvent("\x8a\x7e\x00\x7e" + x126)), rfc: "5.5"},
		{name: "2.7", input: wsFrame(0x8a, ""), want: nil},
		{name: "2.8", input: wsFrame(0x8a, "unsolicited pong payload"), want: nil},
		{name: "2.9", input: wsFrame(0x8a, "unsolicited pong payload") + wsFrame(0x89, "ping payload"), want: events(outEvent("\x8a\x0cping payload"))},
		{name: "2.10, 2.11", input: ten, want: events(outEvent(tenPongs))},
	}
}

func autobahnReservedBits() []codecCase {
	hello := wsFrame(0x81, "Hello, world!")
	got := messageEvent("Hello, world!")
	pong := outEvent("\x8a\x00")
	return []codecCase{
		{name: "3.1", input: wsFrame(0x91, "Hello, world!"), want: events(got), rfc: "5.2"},
		{name: "3.2", input: hello + wsFrame(0xa1, "Hello, world!") + wsFrame(0x89, ""), want: events(got, got, pong), rfc: "5.2"},
		{name: "3.3", input: hello + wsFrame(0xb1, "Hello, world!") + wsFrame(0x89, ""), want: events(got, got, pong), rfc: "5.2"},
		{name: "3.4", input: hello + wsFrame(0xc1, "Hello, world!") + wsFrame(0x89, ""), want: events(got, closedEvent()), err: "inflate", phpDiffers: "the process dies, with all clients"},
		{name: "3.5", input: wsFrame(0xd2, "\x00\xff\xfe\xfd"), want: events(closedEvent()), err: "inflate", phpDiffers: "the process dies, with all clients"},
		{name: "3.6", input: wsFrame(0xe9, "Hello, world!"), want: events(outEvent("\x8a\x0dHello, world!")), rfc: "5.2", phpDiffers: "closes, as the payload cannot be inflated"},
		{name: "3.7", input: wsFrame(0xf8, ""), want: events(outEvent(wsClose1000), closedEvent()), rfc: "5.2"},
	}
}

func autobahnOpcodes() []codecCase {
	var cases []codecCase
	hello := wsFrame(0x81, "Hello, world!")
	for i, opcode := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		c := codecCase{
			name:  fmt.Sprintf("4.%d.%d", i/5+1, i%5+1),
			input: wsFrame(0x80|opcode, ""), want: events(closedEvent()),
			err: fmt.Sprintf("unknown opcode %#x", opcode),
		}
		if i%5%3 == 1 {
			c.input = wsFrame(0x80|opcode, "reserved opcode payload")
		}
		if i%5 >= 2 {
			c.input = hello + c.input + wsFrame(0x89, "")
			c.want = events(messageEvent("Hello, world!"), closedEvent())
		}
		cases = append(cases, c)
	}
	return cases
}

func autobahnFragmentation() []codecCase {
	two := wsFrame(0x01, "fragment1") + wsFrame(0x80, "fragment2")
	both := messageEvent("fragment1fragment2")
	text := wsFrame(0x81, "Hello, world!")
	got := messageEvent("Hello, world!")
	alone := "non-continuation payload"
	pongs := func(s string) codecEvent { return outEvent("\x8a" + string(rune(len(s))) + s) }
	return []codecCase{
		{name: "5.1", input: wsFrame(0x09, "fragment1") + wsFrame(0x80, "fragment2"), want: events(closedEvent()), err: "control frame in fragments", phpDiffers: "takes the frames for a message"},
		{name: "5.2", input: wsFrame(0x0a, "fragment1") + wsFrame(0x80, "fragment2"), want: events(closedEvent()), err: "control frame in fragments", phpDiffers: "takes the frames for a message"},
		{name: "5.3 to 5.5", input: two, want: events(both)},
		{
			name: "5.6 to 5.8", input: wsFrame(0x01, "fragment1") + wsFrame(0x89, "ping payload") + wsFrame(0x80, "fragment2"),
			want: events(pongs("ping payload"), both), phpDiffers: "the pong takes the first fragment away",
		},
		{name: "5.9 to 5.11", input: wsFrame(0x80, alone) + text, want: events(messageEvent(alone), got), rfc: "5.4"},
		{name: "5.12 to 5.14", input: wsFrame(0x00, alone) + text, want: events(messageEvent(alone + "Hello, world!")), rfc: "5.4"},
		{name: "5.15", input: two + wsFrame(0x00, "fragment3") + wsFrame(0x81, "fragment4"), want: events(both, messageEvent("fragment3fragment4")), rfc: "5.4"},
		{name: "5.16", input: wsFrame(0x00, "fragment1") + wsFrame(0x01, "fragment2") + wsFrame(0x80, "fragment3"), want: events(messageEvent("fragment1fragment2fragment3")), rfc: "5.4"},
		{name: "5.17", input: wsFrame(0x80, "fragment1") + wsFrame(0x01, "fragment2") + wsFrame(0x80, "fragment3"), want: events(messageEvent("fragment1"), messageEvent("fragment2fragment3")), rfc: "5.4"},
		{name: "5.18", input: wsFrame(0x01, "fragment1") + wsFrame(0x81, "fragment2"), want: events(both), rfc: "5.4"},
		{
			name: "5.19, 5.20",
			input: wsFrame(0x01, "fragment1") + wsFrame(0x00, "fragment2") + wsFrame(0x89, "pongme 1!") +
				wsFrame(0x00, "fragment3") + wsFrame(0x00, "fragment4") + wsFrame(0x89, "pongme 2!") + wsFrame(0x80, "fragment5"),
			want:       events(outEvent("\x8a\x09pongme 1!\x8a\x09pongme 2!"), messageEvent("fragment1fragment2fragment3fragment4fragment5")),
			phpDiffers: "each pong takes the fragments before it away",
		},
	}
}

// autobahnUTF8 has text of each section of category 6, whole and in fragments
// of a byte. Text is delivered as it is, whether it is UTF-8 or not.
func autobahnUTF8() []codecCase {
	var cases []codecCase
	for _, s := range []struct {
		section string
		texts   []string
		invalid bool
	}{
		{section: "6.1", texts: []string{"", "middle frame payload"}},
		{section: "6.2", texts: []string{"Hello-\u00b5@\u00df\u00f6\u00e4\u00fc\u00e0\u00e1-UTF-8!!", "\u03ba\u1f79\u03c3\u03bc\u03b5"}},
		{section: "6.3", texts: []string{"\u03ba\u1f79\u03c3\u03bc\u03b5\xed\xa0\x80edited"}, invalid: true},
		{section: "6.4", texts: []string{"\u03ba\u1f79\u03c3\u03bc\u03b5\xf4\x90\x80\x80edited"}, invalid: true},
		{section: "6.5", texts: []string{"\u03ba\u1f79\u03c3\u03bc\u03b5\U0001ffff"}},
		{section: "6.6", texts: []string{"\u03ba\u1f79\u03c3\u03bc\u03b5", "\u03ba\xe1\xbd\xb9"}},
		{section: "6.6 cut", texts: []string{"\xce", "\u03ba\xe1", "\u03ba\xe1\xbd", "\u03ba\u1f79\xcf"}, invalid: true},
		{section: "6.7", texts: []string{"\x00", "\u0080", "\u0800", "\U00010000"}},
		{section: "6.8", texts: []string{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}, invalid: true},
		{section: "6.9", texts: []string{"\x7f", "\u07ff", "\uffff", "\U0010ffff"}},
		{section: "6.10", texts: []string{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}, invalid: true},
		{section: "6.11", texts: []string{"\ud7ff", "\ue000", "\ufffd", "\U0010ffff"}},
		{section: "6.11 beyond", texts: []string{"\xf4\x90\x80\x80"}, invalid: true},
		{section: "6.12", texts: []string{"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80\xbf\x80\xbf\x80"}, invalid: true},
		{section: "6.13", texts: []string{"\xc0 \xc1 \xc2 ", "\xe0 \xe1 ", "\xf0 \xf1 ", "\xf8 \xf9 ", "\xfc \xfd "}, invalid: true},
		{section: "6.14", texts: []string{"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xdf", "\xef\xbf", "\xf7\xbf\xbf"}, invalid: true},
		{section: "6.15", texts: []string{"\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf"}, invalid: true},
		{section: "6.16", texts: []string{"\xfe", "\xff", "\xfe\xfe\xff\xff"}, invalid: true},
		{section: "6.17", texts: []string{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf"}, invalid: true},
		{section: "6.18", texts: []string{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf"}, invalid: true},
		{section: "6.19", texts: []string{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80"}, invalid: true},
		{section: "6.20", texts: []string{"\xed\xa0\x80", "\xed\xaf\xbf", "\xed\xbf\xbf"}, invalid: true},
		{section: "6.21", texts: []string{"\xed\xa0\x80\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"}, invalid: true},
		{section: "6.22", texts: []string{"\ufffe", "\uffff", "\U0001fffe", "\U0010ffff"}},
		{section: "6.23", texts: []string{"\ufff9", "\ufffb", "\ufffd"}},
	} {
		for i, text := range s.texts {
			rfc := ""
			if s.invalid {
				rfc = "8.1"
			}
			fragments := wsFrame(0x01, "")
			for j := range len(text) {
				fragments += wsFrame(0x00, text[j:j+1])
			}
			fragments += wsFrame(0x80, "")
			cases = append(cases, codecCase{
				name:  fmt.Sprintf("%s/%d", s.section, i),
				input: wsFrame(0x81, text) + fragments,
				want:  events(messageEvent(text), messageEvent(text)), rfc: rfc,
			})
		}
	}
	return cases
}

func autobahnClose() []codecCase {
	hello := wsFrame(0x81, "Hello World!")
	got := messageEvent("Hello World!")
	answer := outEvent(wsClose1000)
	status := func(code uint16, reason string) string {
		return wsFrame(0x88, string(binary.BigEndian.AppendUint16(nil, code))+reason)
	}
	big := strings.Repeat("BAsd7&jh23", 26214) // 256 KiB
	cases := []codecCase{
		{name: "7.1.1", input: hello + status(1000, ""), want: events(got, answer, closedEvent())},
		{name: "7.1.2", input: status(1000, "") + status(1000, ""), want: events(answer, closedEvent())},
		{name: "7.1.3", input: status(1000, "") + wsFrame(0x89, ""), want: events(answer, closedEvent())},
		{name: "7.1.4", input: status(1000, "") + hello, want: events(answer, closedEvent())},
		{name: "7.1.5", input: wsFrame(0x01, "fragment1") + status(1000, "") + wsFrame(0x80, "fragment2"), want: events(answer, closedEvent())},
		{name: "7.1.6", input: wsFrame(0x81, big) + hello + status(1000, "") + wsFrame(0x89, ""), want: events(messageEvent(big), got, answer, closedEvent())},
		{name: "7.3.1", input: wsFrame(0x88, ""), want: events(answer, closedEvent())},
		{name: "7.3.2", input: wsFrame(0x88, "a"), want: events(answer, closedEvent()), rfc: "5.5.1"},
		{name: "7.3.3", input: status(1000, ""), want: events(answer, closedEvent())},
		{name: "7.3.4", input: status(1000, "Hello World!"), want: events(answer, closedEvent())},
		{name: "7.3.5", input: status(1000, strings.Repeat("*", 123)), want: events(answer, closedEvent())},
		{name: "7.3.6", input: status(1000, strings.Repeat("*", 124)), want: events(answer, closedEvent()), rfc: "5.5"},
		{name: "7.5.1", input: status(1000, "\u03ba\u1f79\u03c3\u03bc\u03b5\xed\xa0\x80edited"), want: events(answer, closedEvent()), rfc: "8.1"},
	}
	for i, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		cases = append(cases, codecCase{name: fmt.Sprintf("7.7.%d", i+1), input: status(code, ""), want: events(answer, closedEvent())})
	}
	for i, code := range []uint16{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} {
		cases = append(cases, codecCase{name: fmt.Sprintf("7.9.%d", i+1), input: status(code, ""), want: events(answer, closedEvent()), rfc: "7.4"})
	}
	for i, code := range []uint16{5000, 65535} {
		cases = append(cases, codecCase{name: fmt.Sprintf("7.13.%d", i+1), input: status(code, ""), want: events(answer, closedEvent()), rfc: "7.4"})
	}
	return cases
}
