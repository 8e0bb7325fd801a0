package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// watchStatus prints a line for each look, and ends with its context.
func TestWatchStatus(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var out bytes.Buffer
	looks := 0
	err := watchStatus(ctx, printer{&out, true}, time.Millisecond, func(context.Context) *clusterStatus {
		if looks++; looks == 4 {
			cancel() // what is seen now is not the whole
		}
		return &clusterStatus{Clients: new(looks)}
	})
	if err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 || !strings.Contains(lines[2], `"clients":3`) {
		t.Errorf("%q", lines)
	}
}

func TestStatusVerdict(t *testing.T) {
	up, down := gatewayStatus{Reachable: true}, gatewayStatus{}
	register, noRegister := registerStatus{Reachable: true}, registerStatus{}
	for name, test := range map[string]struct {
		status clusterStatus
		code   int
	}{
		"all":             {clusterStatus{Registers: []registerStatus{register}, Gateways: []gatewayStatus{up}}, 0},
		"fixed":           {clusterStatus{Gateways: []gatewayStatus{up, up}}, 0},
		"a gateway fails": {clusterStatus{Registers: []registerStatus{register}, Gateways: []gatewayStatus{up, down}}, exitPartial},
		"all gateways":    {clusterStatus{Registers: []registerStatus{register}, Gateways: []gatewayStatus{down}}, exitPartial},
		"a register":      {clusterStatus{Registers: []registerStatus{register, noRegister}, Gateways: []gatewayStatus{up}}, exitPartial},
		"nothing":         {clusterStatus{Registers: []registerStatus{noRegister}}, exitFailure},
		"no gateway":      {clusterStatus{Registers: []registerStatus{register}}, exitFailure},
	} {
		err := test.status.verdict()
		code := 0
		if coded := (*codedError)(nil); errors.As(err, &coded) {
			code = coded.code
		} else if err != nil {
			t.Errorf("%s: %v has no exit code", name, err)
		}
		if code != test.code {
			t.Errorf("%s: exit code %d, want %d", name, code, test.code)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"Lobby": "Lobby", "big room": "big room", "世界": "世界", "": `""`, "a\tb": `"a\tb"`,
		"\x1b[2J": `"\x1b[2J"`, "\xff": `"\xff"`, `"x"`: `"\"x\""`, "a\nb": `"a\nb"`, "\u202e": `"\u202e"`,
	} {
		if got := plain(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestShortDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1234567 * time.Nanosecond: "1.23ms", 123456 * time.Nanosecond: "123µs", 12345 * time.Microsecond: "12.3ms",
		900 * time.Nanosecond: "1µs", 0: "0s", 2344 * time.Millisecond: "2.34s", 12 * time.Second: "12s",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}
