package main

import (
	"net"
	"testing"
	"time"
)

func TestParseSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"55": 55 * time.Second, "55s": 55 * time.Second, "0": 0, "0.5": 500 * time.Millisecond,
		"1m30s": 90 * time.Second, "250ms": 250 * time.Millisecond, "1e2": 100 * time.Second,
	} {
		if got, err := parseSeconds(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "-1s", "NaN", "Inf", "1e300", "55 s", "55x"} {
		if got, err := parseSeconds(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func TestCheckHostPort(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:1236", "register:1236", "[::1]:1236"} {
		if err := checkRegisterAddress(addr); err != nil {
			t.Errorf("%q: %v", addr, err)
		}
	}
	for _, addr := range []string{"", "1236", ":1236", "register", "register:", "register:0", "register:65536", "register:http", "text://register:1236", "::1:1236"} {
		if err := checkRegisterAddress(addr); err == nil {
			t.Errorf("%q: no error", addr)
		}
	}
}

func TestDialAddressOfAllAddresses(t *testing.T) {
	for listen, host := range map[string]string{"0.0.0.0:0": "127.0.0.1", ":0": "127.0.0.1", "127.0.0.3:0": "127.0.0.3"} {
		ln, err := net.Listen("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		addr := dialAddress(ln.Addr())
		ln.Close()
		if got, _, _ := net.SplitHostPort(addr); got != host {
			t.Errorf("%s is dialled at %s, want %s", listen, addr, host)
		}
	}
}
