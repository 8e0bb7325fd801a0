package main

import (
	"strings"
	"testing"
	"time"
)

func TestShortNumber(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0", 0.04: "0.0", 1: "1", 1.25: "1.2", 9.96: "10", 12.4: "12", 999.4: "999", 999.6: "1.0k", 1234: "1.2k",
		12_345: "12k", 999_400: "999k", 1_234_567: "1.2M", 5e9: "5.0G", 2e15: "2e+03T",
	} {
		if got := shortNumber(n); got != want {
			t.Errorf("%v: %s, want %s", n, got, want)
		}
	}
}

func TestRates(t *testing.T) {
	was, is := &traffic{at: time.Unix(0, 0)}, &traffic{at: time.Unix(2, 0)}
	is.Messages.In, is.Messages.Out, is.Bytes.In, is.Bytes.Out = 2, 4, 6, 8
	was.Dropped.Client, is.Dropped.Client, is.Dropped.Worker = 1, 3, 8
	if got := is.since(was); got == nil || *got != (rates{1, 2, 3, 4, 5}) {
		t.Errorf("rates %+v", got)
	}
	was.Bytes.In = 7 // the gateway was started again
	if got := is.since(was); got != nil {
		t.Errorf("rates of counters that began anew: %+v", got)
	}
	if got := is.since(is); got != nil {
		t.Errorf("rates of no time: %+v", got)
	}
}

// TestFrame: a screen holds no more than fits.
func TestFrame(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	s := &clusterStatus{Gateways: []gatewayStatus{{Address: "127.0.0.1:2900", Reachable: true, Clients: new(3), NotReady: "clients are being sent away"}}, Admins: []string{"127.0.0.1:1: refused"}}
	lines := func(width, height int) []string {
		text := strings.NewReplacer(toTheTop, "", toLineEnd, "", toScreenEnd, "").Replace(frame(s, time.Second, width, height))
		return strings.Split(text, "\r\n")
	}
	all := lines(0, 0)
	if len(all) != 5 || !strings.HasSuffix(all[3], "clients are being sent away") || all[4] != "no rates from the admin at 127.0.0.1:1: refused" {
		t.Errorf("%q", all)
	}
	if got := lines(20, 4); len(got) != 4 || got[3] != "… 2 lines more" || got[2] != "GATEWAY         CLI…" {
		t.Errorf("%q", got)
	}
	if got := lines(1, 1); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
