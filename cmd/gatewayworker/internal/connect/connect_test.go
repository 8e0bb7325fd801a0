package connect

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

func TestMain(m *testing.M) { os.Exit(testwait.Main(m)) }

const patience = time.Minute

// echo serves a protocol on a free port: each message comes back behind "echo ",
// bye ends the connection.
func echo(t *testing.T, scheme string, config *tls.Config) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = ln.Addr().String()
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				s := &stream{conn: conn, r: bufio.NewReader(conn)}
				var tr transport = textStream{s}
				if scheme == "frame" {
					tr = frameStream{s}
				}
				for {
					message, err := tr.receive()
					if err != nil || string(message) == "bye" {
						return
					}
					_ = tr.send(append([]byte("echo "), message...))
				}
			}()
		}
	}()
	return address
}

// echoWebsocket does the same for websockets. What it saw of the request comes
// first.
func echoWebsocket(t *testing.T) *httptest.Server {
	t.Helper()
	up := websocket.Upgrader{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") != "https://evil.example" }, Subprotocols: []string{"chat"}, EnableCompression: true}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		sni := ""
		if r.TLS != nil {
			sni = r.TLS.ServerName
		}
		_ = conn.WriteMessage(websocket.TextMessage, []byte(strings.Join([]string{r.URL.String(), r.Header.Get("X-A"), r.Header.Get("Origin"), sni}, "|")))
		for {
			kind, message, err := conn.ReadMessage()
			switch {
			case err != nil:
				return
			case string(message) == "bye":
				_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4001, "as you like"), time.Now().Add(patience))
				return
			}
			_ = conn.WriteMessage(kind, append([]byte{"?te"[kind], ' '}, message...))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// run runs connect and returns what it wrote.
func run(t *testing.T, o Options) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	o.Stdout, o.Stderr = &out, &errs
	if o.Stdin == nil {
		o.Stdin = strings.NewReader("")
	}
	if o.Timeout == 0 {
		o.Timeout = patience
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	err = Run(ctx, o)
	return out.String(), errs.String(), err
}

func expect(texts ...string) []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, text := range texts {
		all = append(all, regexp.MustCompile(text))
	}
	return all
}

func TestStreams(t *testing.T) {
	secure := echoWebsocket(t)
	secure.StartTLS()
	for _, scheme := range []string{"text", "frame", "tcp"} {
		for _, config := range []*tls.Config{nil, secure.TLS} {
			address := scheme + "://" + echo(t, scheme, config)
			o := Options{Address: address, Secure: config != nil, Insecure: true, Raw: true, Send: []string{"one", "two, 你好"}, Expect: expect("^echo one", "echo two, 你好\n?$")}
			stdout, stderr, err := run(t, o)
			// tcp has no messages: they may come together.
			if got := strings.ReplaceAll(stdout, "\n\n", "\n"); err != nil || got != "echo one\necho two, 你好\n" && scheme != "tcp" {
				t.Errorf("%s: %q, %q, %v", address, stdout, stderr, err)
			}
		}
	}
}

func TestWebsocket(t *testing.T) {
	s := echoWebsocket(t)
	s.Start()
	address := strings.TrimPrefix(s.URL, "http://")
	for _, prefix := range []string{"", "ws://", "websocket://"} {
		stdout, stderr, err := run(t, Options{
			Address: prefix + address + "/path?a=b", Header: http.Header{"X-A": {"1, 2"}, "Origin": {"https://a.example"}}, Subprotocols: []string{"other", "chat"},
			Send: []string{"hello", "\x01"}, Expect: expect("^t hello$", "^t \x01$"), Binary: false,
		})
		clockless := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d{3} `).ReplaceAllString(stdout, "")
		if want := "< 33 B /path?a=b|1, 2|https://a.example|\n< 7 B t hello\n< 3 B \"t \\x01\"\n"; err != nil || clockless != want {
			t.Errorf("%q, want %q; %v", clockless, want, err)
		}
		if !strings.Contains(stderr, ", subprotocol chat\n") || !strings.Contains(stderr, " > 5 B hello\n") {
			t.Errorf("%q", stderr)
		}
	}
	long := strings.Repeat("again and ", 100)
	if _, stderr, err := run(t, Options{Address: address, Compress: true, Send: []string{long}, Expect: expect("^t " + long + "$")}); err != nil || !strings.Contains(stderr, ", compressed\n") {
		t.Errorf("compressed: %q, %v", stderr, err)
	}
	stdout, _, err := run(t, Options{Address: address, Raw: true, Binary: true, Send: []string{"x"}, Expect: expect("^e x$")})
	if err != nil || stdout != "/|||\ne x\n" {
		t.Errorf("binary: %q, %v", stdout, err)
	}
}

func TestTLS(t *testing.T) {
	s := echoWebsocket(t)
	s.StartTLS()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	address := "wss://" + s.Listener.Addr().String()
	for _, c := range []struct {
		o    Options
		want string // of the error
		sni  string
	}{
		{Options{}, "certificate", ""},
		{Options{Insecure: true}, "", ""},
		{Options{CA: ca}, "", ""},
		{Options{CA: ca, SNI: "example.com"}, "", "example.com"},
		{Options{CA: ca, SNI: "other.example"}, "certificate", ""},
		{Options{CA: ca + "x"}, "--ca: open", ""},
		{Options{CA: "connect_test.go"}, "no certificate in it", ""},
		{Options{Cert: ca}, "--cert: ", ""},
	} {
		c.o.Address, c.o.Raw, c.o.Expect = address, true, expect("")
		stdout, _, err := run(t, c.o)
		switch {
		case c.want == "" && (err != nil || stdout != "/|||"+c.sni+"\n"):
			t.Errorf("%+v: %q, %v", c.o, stdout, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}

// TestTyped: what comes through a pipe is sent, line by line; after its end what
// comes is still shown.
func TestTyped(t *testing.T) {
	stdout, stderr, err := run(t, Options{Address: "text://" + echo(t, "text", nil), Typed: true, Stdin: strings.NewReader("one\n\nlast\nbye"), Wait: patience, Raw: true})
	if diff := cmp.Diff("echo one\necho \necho last\n", stdout); diff != "" || err != nil || stderr != "the server closed the connection\n" {
		t.Errorf("%q, %v (-want +got):\n%s", stderr, err, diff)
	}
}

// TestLongLine: a line may be as long as a message.
func TestLongLine(t *testing.T) {
	long := strings.Repeat("x", 3<<20)
	stdout, _, err := run(t, Options{Address: "text://" + echo(t, "text", nil), Typed: true, Stdin: strings.NewReader(long + "\nbye\n"), Wait: patience, Raw: true})
	if err != nil || stdout != "echo "+long+"\n" {
		t.Errorf("%d bytes, %v", len(stdout), err)
	}
}

func TestUnexpected(t *testing.T) {
	s := echoWebsocket(t)
	s.Start()
	ws := s.Listener.Addr().String()
	text := "text://" + echo(t, "text", nil)
	for name, c := range map[string]struct {
		o    Options
		want string
		kind error
	}{
		"closed":        {Options{Address: text, Send: []string{"bye"}, Expect: expect("x")}, `the server closed the connection before a message that matches "x"`, ErrExpected},
		"closed by ws":  {Options{Address: ws, Send: []string{"bye"}, Expect: expect("nothing")}, `with code 4001 ("as you like") before`, ErrExpected},
		"in order":      {Options{Address: text, Send: []string{"b", "a", "bye"}, Expect: expect("echo a", "echo b")}, `matches "echo b"`, ErrExpected},
		"refused":       {Options{Address: ws, Header: http.Header{"Origin": {"https://evil.example"}}}, `the server answers 403 Forbidden: "Forbidden"`, nil},
		"no server":     {Options{Address: "text://127.0.0.1:1"}, "cannot connect to text://127.0.0.1:1: ", nil},
		"no frame port": {Options{Address: "frame://" + badFrames(t), Expect: expect("x")}, "is this a port for frame:// clients?", ErrExpected},
	} {
		_, _, err := run(t, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, stderr, err := run(t, Options{Address: ws, Send: []string{"bye"}, Wait: patience}); err != nil || !strings.Contains(stderr, `the server closed the connection with code 4001 ("as you like")`) {
		t.Errorf("%q, %v", stderr, err)
	}
}

// TestOverTime: the time is over before what is expected comes. Where it is over
// before there is a connection, another try has more of it.
func TestOverTime(t *testing.T) {
	for limit := 50 * time.Millisecond; ; limit *= 2 {
		_, _, err := run(t, Options{Address: "text://" + echo(t, "text", nil), Expect: expect("x"), Timeout: limit})
		if err != nil && strings.HasPrefix(err.Error(), "cannot connect") && limit < patience {
			continue
		}
		if want := limit.String() + ` were over before a message that matches "x"`; !errors.Is(err, ErrExpected) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		return
	}
}

// badFrames serves what is no frame.
func badFrames(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		_, _ = conn.Write(binary.BigEndian.AppendUint32(nil, 0x48545450)) // HTTP
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}()
	return ln.Addr().String()
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:8282":             "ws ws://127.0.0.1:8282",
		"ws://a/b?c":                 "ws ws://a/b?c",
		"wss://a":                    "ws+ wss://a",
		"websocket://[::1]:1":        "ws ws://[::1]:1",
		"text://a:1":                 "text text://a:1",
		"frame://a:1/":               "frame frame://a:1/",
		"tcp://a":                    "",
		"text://a:1/path":            "",
		"udp://a:1":                  "",
		"":                           "",
		"ws://":                      "",
		"ws://user@a":                "",
		"ws://a:b":                   "",
		"websocket://0.0.0.0:8282/x": "ws ws://0.0.0.0:8282/x",
	} {
		a, err := parseAddress(text, false)
		got := ""
		if err == nil {
			got = a.scheme + map[bool]string{true: "+"}[a.secure] + " " + a.url.String()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestShow(t *testing.T) {
	for message, want := range map[string]string{
		"plain 你好\ttab\nline": "plain 你好\ttab\nline",
		"\x1b[31mred":         `"\x1b[31mred"`,
		"\xff":                `"\xff"`,
		"a\r":                 `"a\r"`,
	} {
		if got := Show([]byte(message)); got != want {
			t.Errorf("%q: %s, want %s", message, got, want)
		}
	}
}
