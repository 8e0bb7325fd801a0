package workerman

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
)

// The lines are those of PHP's Workerman 5.2.2 and 4.2.1, with other figures.
func TestStatusLine(t *testing.T) {
	for name, test := range map[string]struct{ name, want string }{
		"a line":      {"ChatGateway", "11003\t1.6M    websocket://0.0.0.0:7272 ChatGateway        5           0         1       4            \n"},
		"no name":     {"websocket://0.0.0.0:7272", "11003\t1.6M    websocket://0.0.0.0:7272 none               5           0         1       4            \n"},
		"bytes count": {"网关", "11003\t1.6M    websocket://0.0.0.0:7272 网关             5           0         1       4            \n"},
		"too long":    {"a-name-that-is-too-long", "11003\t1.6M    websocket://0.0.0.0:7272 a-name-that-is-too-long 5           0         1       4            \n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &Master{Name: test.name, Socket: "websocket://0.0.0.0:7272", NameWidth: 18, SocketWidth: 24, Timers: 1}
			if got := m.statusLine(11003, 1677722, Figures{Connections: 5, TotalRequest: 4}); got != test.want {
				t.Errorf("\n%q, want\n%q", got, test.want)
			}
		})
	}
}

func TestConnectionLine(t *testing.T) {
	m := &Master{Name: "ChatGateway"}
	for want, c := range map[string]Connection{
		"11003    ChatGateway     1         tcp     Text             1      0     0B           0B           0B           73B           ESTABLISHED    127.0.0.1:60848        127.0.0.1:1236        \n": {
			ID: 1, Transport: "tcp", Protocol: "Text", Written: 73,
			Local: netip.MustParseAddrPort("127.0.0.1:60848"), Remote: netip.MustParseAddrPort("127.0.0.1:1236"),
		},
		"11003    GatewayInner..  2         tcp     GatewayProtocol  0      1     1KB          1.5KB        2GB          1024B         ESTABLISHED    [::1]:2300             [::1]:44346           \n": {
			Worker: "GatewayInnerWorker", ID: 2, Transport: "tcp", Protocol: "GatewayProtocol",
			RecvQ: 1025, SendQ: 1536, Read: 2 << 30, Written: 1024,
			Local: netip.MustParseAddrPort("[::1]:2300"), Remote: netip.MustParseAddrPort("[::1]:44346"),
		},
	} {
		var b strings.Builder
		if m.connectionLine(&b, 11003, &c); b.String() != want {
			t.Errorf("\n%q, want\n%q", b.String(), want)
		}
	}
}

func TestReports(t *testing.T) {
	dir := t.TempDir()
	m := &Master{StatusFile: filepath.Join(dir, "status"), ConnectionsFile: filepath.Join(dir, "connections")}
	if err := os.WriteFile(m.StatusFile, []byte("of the master\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Status(Figures{}); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(m.StatusFile)
	if lines := strings.Split(string(text), "\n"); len(lines) != 3 || lines[0] != "of the master" || !strings.Contains(lines[1], "M ") {
		t.Errorf("status file %q", text)
	}
	if err := m.Connections(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(m.ConnectionsFile); !os.IsNotExist(err) {
		t.Errorf("a process without connections wrote: %v", err)
	}
	m.StatusFile = filepath.Join(dir, "no", "status")
	if err := m.Status(Figures{}); err == nil {
		t.Error("a status file that cannot be written is no error")
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		`{"protocol":1,"version":"5.2.2"}`:  "",
		`{"protocol":2,"version":"5.2.2"}`:  "speaks version 2",
		`{"protocol":1}`:                    "which Workerman",
		`{"protocol":1,"version":"5.2.2"`:   "not what",
		`{"protocol":1,"name_width":"much"`: "not what",
	} {
		_, err := Parse(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for version, four := range map[string]bool{"4.1.16": true, "3.5.35": true, "5.2.2": false, "5": false, "10.0.0": false} {
		if got := (&Master{Version: version}).four(); got != four {
			t.Errorf("%s: four is %v", version, got)
		}
	}
	for seconds, want := range map[float64]time.Duration{2: 800 * time.Millisecond, 10: 8800 * time.Millisecond} {
		if got := (&Master{StopTimeout: seconds}).StopPatience(); got != want {
			t.Errorf("patience of %v s: %v, want %v", seconds, got, want)
		}
	}
}

func TestLog(t *testing.T) {
	file := filepath.Join(t.TempDir(), "workerman.log")
	m := &Master{LogFile: file, Timezone: "nowhere", UTCOffset: 8 * 3600}
	var screen bytes.Buffer
	w := m.Log(&screen).(*log)
	w.now = func() time.Time { return time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC) }
	l := logrus.New()
	l.SetFormatter(Formatter{})
	l.SetOutput(w)
	l.WithField("listen", "0.0.0.0:7272").Info("gateway is serving")
	l.WithFields(logrus.Fields{"remote": "127.0.0.1:5", "error": "a b"}).Warn("two\nlines")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(string(text), fmt.Sprint("pid:", os.Getpid()), "pid:7")
	if want := "2026-11-22 04:00:00 pid:7 gateway is serving listen=0.0.0.0:7272\n" +
		"2026-11-22 04:00:00 pid:7 warning: two lines error=\"a b\" remote=127.0.0.1:5\n"; got != want {
		t.Errorf("log\n%s, want\n%s", got, want)
	}
	l.Error("failed")
	if want := "error: failed\n"; screen.String() != want {
		t.Errorf("screen %q, want %q", screen.String(), want)
	}
	screen.Reset()
	l.SetOutput((&Master{LogFile: file, Daemon: true}).Log(&screen))
	l.Error("not for the screen of a daemon")
	if screen.Len() > 0 {
		t.Errorf("screen of a daemon: %q", screen.String())
	}
}

func TestLogIsHalved(t *testing.T) {
	file := filepath.Join(t.TempDir(), "workerman.log")
	w := (&Master{LogFile: file, LogFileMaxSize: 1000, Daemon: true}).Log(nil)
	for range 50 {
		if _, err := w.Write([]byte("a line of some forty bytes with the rest\n")); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 1100 || len(text) < 300 {
		t.Errorf("%d bytes", len(text))
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasSuffix(line, "a line of some forty bytes with the rest\n") || !strings.HasPrefix(line, "20") {
			t.Errorf("broken line %q", line)
		}
	}
}
