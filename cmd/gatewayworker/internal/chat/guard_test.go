package chat

import (
	"net"
	"testing"
)

func TestAllows(t *testing.T) {
	const here, there = "127.0.0.1", "10.0.0.7"
	for _, test := range []struct {
		page, allowed        string
		origin, host, remote string
		want                 bool
	}{
		// The page is for this machine.
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080", "127.0.0.1:8282", here, true},
		{"127.0.0.1:8080", "", "http://localhost:8080", "localhost:8282", here, true},
		{"127.0.0.1:8080", "", "http://LOCALHOST:3000", "127.0.0.1:8282", here, true},
		{"127.0.0.1:8080", "", "http://[::1]:8080", "[::1]:8282", "[::1]", true},
		{"[::1]:8080", "", "http://[::1]:8080", "[::1]:8282", "::1", true},
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080", "10.0.0.5:8282", here, true}, // --listen 10.0.0.5:8282
		{"127.0.0.1:8080", "", "", "127.0.0.1:8282", here, true},
		{"127.0.0.1:8080", "", "http://evil.example", "127.0.0.1:8282", here, false},
		{"127.0.0.1:8080", "", "http://evil.example:8080", "evil.example:8282", here, false}, // its name has this machine's address
		{"127.0.0.1:8080", "", "http://127.0.0.1.evil.example", "127.0.0.1:8282", here, false},
		{"127.0.0.1:8080", "", "null", "127.0.0.1:8282", here, false},
		{"127.0.0.1:8080", "", "file://", "127.0.0.1:8282", here, false},
		{"127.0.0.1:8080", "", "http://127.0.0.1,http://evil.example", "127.0.0.1:8282", here, false},
		{"127.0.0.1:8080", "", "http://%zz", "127.0.0.1:8282", here, false},
		{"127.0.0.1:8080", "", "", "127.0.0.1:8282", there, false},
		{"127.0.0.1:8080", "", "http://127.0.0.1:8080", "127.0.0.1:8282", there, false},
		// The page is for all who reach it.
		{"0.0.0.0:8080", "", "http://10.0.0.5:8080", "10.0.0.5:8282", there, true},
		{"0.0.0.0:8080", "", "https://Chat.example.com", "chat.example.com", there, true},
		{"0.0.0.0:8080", "", "http://[fe80::1]:8080", "[fe80::1]:8282", "fe80::2", true},
		{"0.0.0.0:8080", "", "", "10.0.0.5:8282", there, true},
		{"0.0.0.0:8080", "", "http://evil.example", "10.0.0.5:8282", there, false},
		{"0.0.0.0:8080", "", "null", "10.0.0.5:8282", there, false},
		{"0.0.0.0:8080", "", "http://evil.example", "", there, false},
		// Others that are allowed.
		{"127.0.0.1:8080", "chat.example.com", "https://chat.example.com", "chat.example.com", here, true},
		{"127.0.0.1:8080", "chat.example.com", "https://chat.example.com", "chat.example.com", there, true},
		{"127.0.0.1:8080", "chat.example.com", "https://evil.chat.example.com", "chat.example.com", here, false},
		{"127.0.0.1:8080", "chat.example.com", "", "127.0.0.1:8282", there, false},
		{"0.0.0.0:8080", "https://a.example", "https://a.example", "b.example", there, true},
		{"0.0.0.0:8080", "https://a.example", "http://a.example", "b.example", there, false},
		{"127.0.0.1:8080", "*", "http://evil.example", "127.0.0.1:8282", there, true},
		{"127.0.0.1:8080", "*", "null", "127.0.0.1:8282", here, true},
		{"127.0.0.1:8080", "*", "", "127.0.0.1:8282", there, true},
	} {
		page, err := net.ResolveTCPAddr("tcp", test.page)
		if err != nil {
			t.Fatal(err)
		}
		var origins []string
		if test.allowed != "" {
			origins = append(origins, test.allowed)
		}
		if got := newGuard(page, origins, nil).allows(test.origin, test.host, test.remote); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestCheckOrigin(t *testing.T) {
	for _, good := range []string{"*", "chat.example.com", "localhost", "10.0.0.1", "https://chat.example.com", "http://chat.example.com:8080", "http://[::1]:80"} {
		if err := CheckOrigin(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "https://", "https://chat.example.com/", "chat.example.com:8080", "//chat", "a b", "chat/page"} {
		if CheckOrigin(bad) == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
