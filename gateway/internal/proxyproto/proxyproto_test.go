package proxyproto

import (
	"net/netip"
	"strings"
	"testing"
)

// head2 is a head of version 2.
func head2(command, family byte, rest string) string {
	return signature + string([]byte{command, family, byte(len(rest) >> 8), byte(len(rest))}) + rest
}

var (
	tcp4 = "\xc0\x00\x02\x07\xc6\x33\x64\x01\xd4\x31\x01\xbb"
	tcp6 = "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x07" + strings.Repeat("\x00", 15) + "\x01\xd4\x31\x01\xbb"
)

var heads = []struct {
	name, head, client string // client "" is none
	bad                bool
}{
	{name: "1 tcp4", head: "PROXY TCP4 192.0.2.7 198.51.100.1 54321 443\r\n", client: "192.0.2.7:54321"},
	{name: "1 tcp6", head: "PROXY TCP6 2001:db8::7 ::1 54321 443\r\n", client: "[2001:db8::7]:54321"},
	{name: "1 mapped", head: "PROXY TCP6 ::ffff:192.0.2.7 ::1 54321 443\r\n", client: "192.0.2.7:54321"},
	{name: "1 unknown", head: "PROXY UNKNOWN\r\n"},
	{name: "1 unknown with addresses", head: "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"},
	{name: "1 longest", head: "PROXY UNKNOWN " + strings.Repeat("x", 91) + "\r\n"},
	{name: "1 too long", head: "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", bad: true},
	{name: "1 without carriage return", head: "PROXY UNKNOWN\n", bad: true},
	{name: "1 wrong family", head: "PROXY TCP4 2001:db8::7 ::1 54321 443\r\n", bad: true},
	{name: "1 zone", head: "PROXY TCP6 fe80::1%eth0 ::1 54321 443\r\n", bad: true},
	{name: "1 port", head: "PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n", bad: true},
	{name: "1 a field too many", head: "PROXY TCP4 192.0.2.7 198.51.100.1 1 443 5\r\n", bad: true},
	{name: "1 no fields", head: "PROXY \r\n", bad: true},
	{name: "1 udp", head: "PROXY UDP4 192.0.2.7 198.51.100.1 1 443\r\n", bad: true},
	{name: "2 tcp4", head: head2(0x21, 0x11, tcp4), client: "192.0.2.7:54321"},
	{name: "2 tcp6", head: head2(0x21, 0x21, tcp6), client: "[2001:db8::7]:54321"},
	{name: "2 with more behind", head: head2(0x21, 0x11, tcp4+"\x03\x00\x04abcd"), client: "192.0.2.7:54321"},
	{name: "2 local", head: head2(0x20, 0x00, "")},
	{name: "2 local with addresses", head: head2(0x20, 0x11, tcp4)},
	{name: "2 unix", head: head2(0x21, 0x31, strings.Repeat("/", 216))},
	{name: "2 unspecified", head: head2(0x21, 0x00, "abc")},
	{name: "2 short", head: head2(0x21, 0x11, tcp4[:11]), bad: true},
	{name: "2 short 6", head: head2(0x21, 0x21, tcp6[:35]), bad: true},
	{name: "2 version", head: head2(0x11, 0x11, tcp4), bad: true},
	{name: "2 command", head: head2(0x22, 0x11, tcp4), bad: true},
	{name: "2 longest", head: head2(0x21, 0x11, tcp4+strings.Repeat("x", MaxHead-fixed2-12)), client: "192.0.2.7:54321"},
	{name: "2 too long", head: head2(0x21, 0x11, tcp4+strings.Repeat("x", MaxHead-fixed2-11)), bad: true},
	{name: "http", head: "GET / HTTP/1.1\r\n", bad: true},
	{name: "tls", head: "\x16\x03\x01", bad: true},
}

func TestParse(t *testing.T) {
	for _, test := range heads {
		t.Run(test.name, func(t *testing.T) {
			// A head is never taken before it is whole, and what follows does not
			// matter.
			for i := range len(test.head) {
				if n, _, err := Parse([]byte(test.head[:i])); n != 0 || err != nil && !test.bad {
					t.Fatalf("after %d bytes: %d, %v", i, n, err)
				}
			}
			n, client, err := Parse([]byte(test.head + "GET /"))
			if test.bad {
				if err == nil {
					t.Fatalf("was taken, for %v", client)
				}
				return
			}
			want := netip.AddrPort{}
			if test.client != "" {
				want = netip.MustParseAddrPort(test.client)
			}
			if err != nil || n != len(test.head) || client != want {
				t.Errorf("got %d, %v, %v; want %d, %v", n, client, err, len(test.head), want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range heads {
		f.Add([]byte(test.head), 3)
	}
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		n, client, err := Parse(p)
		switch {
		case n < 0 || n > len(p) || n > MaxHead:
			t.Fatalf("%d of %d bytes", n, len(p))
		case err != nil && (n != 0 || client.IsValid()):
			t.Fatalf("%d, %v and %v", n, client, err)
		case n == 0 && err == nil && len(p) >= MaxHead:
			t.Fatalf("wants more than %d bytes", len(p))
		case n == 0:
			return
		}
		if cut < 0 || cut >= n {
			return
		}
		if m, _, err := Parse(p[:cut]); m != 0 || err != nil {
			t.Fatalf("a head of %d bytes: after %d of them %d, %v", n, cut, m, err)
		}
		if m, again, err := Parse(p[:n]); m != n || again != client || err != nil {
			t.Fatalf("what follows the head matters: %d, %v, %v", m, again, err)
		}
	})
}
