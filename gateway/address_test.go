package gateway

import (
	"net/netip"
	"testing"
)

// TestPHPIP: what PHP 8.2 prints for the same peers, brackets included.
func TestPHPIP(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.7":        "192.0.2.7",
		"::ffff:192.0.2.7": "192.0.2.7", // PHP: [::ffff:192.0.2.7]
		"::1":              "[::1]",
		"::":               "[::]",
		"::102:304":        "[::1.2.3.4]",
		"::1:2":            "[::0.1.0.2]",
		"1::2:0:0:0:3":     "[1:0:0:2::3]",
		"1:0:2:3:4:5:6:7":  "[1:0:2:3:4:5:6:7]",
		"fe80::1%eth0":     "[fe80::1]",
	} {
		if got := phpIP(netip.MustParseAddr(in)); got != want {
			t.Errorf("phpIP(%s) = %s, want %s", in, got, want)
		}
	}
}
