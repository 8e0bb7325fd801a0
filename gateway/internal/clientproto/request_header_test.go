package clientproto

import (
	"fmt"
	"strings"
	"testing"
)

// heads are requests that are as hard to read as their length allows.
var heads = map[string]string{
	"as many headers as allowed": hardHead(func(i int) string { return fmt.Sprintf("h%d: %d\r\n", i, i) }, maxRequestLines-4),
	"one name on all lines":      hardHead(func(int) string { return "a:" + strings.Repeat("x", 50) + "\r\n" }, maxRequestLines-4),
	"long header on all lines":   hardHead(func(i int) string { return "a" + strings.Repeat("-", i%40) + ": 1\r\n" }, maxRequestLines-4),
	"names without a value":      hardHead(func(int) string { return "Sec-WebSocket-Key:" }, 3000),
}

func hardHead(line func(int) string, n int) string {
	b := new(strings.Builder)
	b.WriteString("GET / HTTP/1.1\r\n")
	for i := range n {
		b.WriteString(line(i))
	}
	b.WriteString("\n\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n")
	return b.String()
}

// TestRepeatedHeaders: the values of one name are joined at a cost that grows
// with their number, not with its square.
func TestRepeatedHeaders(t *testing.T) {
	const lines = 5000
	r := Request{head: "GET / HTTP/1.1\r\nb: 1\r\n" + strings.Repeat("a: x\r\n", lines) + "B: 2"}
	l := readHeaders(r.head)
	if got, _ := l.value("a"); got != strings.Repeat("x,", lines-1)+"x" {
		t.Errorf("got %d bytes of a", len(got))
	}
	if got, _ := l.value("b"); got != "1,2" || len(l.headers) != 2 {
		t.Errorf("b is %q, of %d headers", got, len(l.headers))
	}
	if n := testing.AllocsPerRun(10, func() { l = readHeaders(r.head) }); n > lines+100 {
		t.Errorf("%v allocations for %d lines", n, lines) // one for each name, the rest for the values
	}
	bytes := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			l = readHeaders(r.head)
		}
	}).AllocedBytesPerOp()
	if bytes > 500_000 {
		t.Errorf("a head of %d bytes takes %d bytes", len(r.head), bytes)
	}
}

// TestHeaderLimit: what PHP takes, however long it takes, is refused from
// maxRequestLines lines on.
func TestHeaderLimit(t *testing.T) {
	for lines, want := range map[int]bool{maxRequestLines - 1: true, maxRequestLines: true, maxRequestLines + 1: false} {
		head := "GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n" + strings.Repeat("a: 1\r\n", lines-3) + "\r\n"
		var st State
		_, err := New("websocket", Options{}).Decode(&st, []byte(head), &countingHandler{wantData: true})
		if (err == nil) != want || err != nil && !strings.Contains(err.Error(), "lines") {
			t.Errorf("%d lines: %v", lines, err)
		}
	}
}

func BenchmarkHardHeads(b *testing.B) {
	for name, head := range heads {
		b.Run(name, func(b *testing.B) {
			codec := New("websocket", Options{})
			b.ReportAllocs()
			for b.Loop() {
				var st State
				if n, err := codec.Decode(&st, []byte(head), &countingHandler{wantData: true}); n != len(head) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}

// BenchmarkRepeatedHeaders reads a head of 65 KB of lines of one name.
func BenchmarkRepeatedHeaders(b *testing.B) {
	r := Request{head: "GET / HTTP/1.1\r\n" + strings.Repeat("a:\r\n", 16000)}
	b.ReportAllocs()
	for b.Loop() {
		readHeaders(r.head)
	}
}
