package keepalive

import (
	"slices"
	"testing"
	"time"
)

// TestStall: only a peer of which nothing has come for Patience, while the kernel
// asks, has vanished.
func TestStall(t *testing.T) {
	quiet := Flight{LastAck: time.Hour}
	// The kernel sends again; the last answer was ago.
	again := func(ago time.Duration) Flight {
		return Flight{Outstanding: true, Unacked: true, Resent: 5, LastAck: ago}
	}
	const second = time.Second
	for _, test := range []struct {
		name string
		f    []Flight // Look apart
		want []Outlook
	}{
		{"silent", []Flight{quiet, quiet, quiet, quiet, quiet}, []Outlook{Quiet, Quiet, Quiet, Quiet, Quiet}},
		{"vanished", []Flight{again(3 * second), again(8 * second), again(13 * second), again(18 * second)}, []Outlook{Waiting, Waiting, Waiting, Vanished}},
		{"vanished, after an hour of silence", []Flight{quiet, again(time.Hour), again(time.Hour), again(time.Hour), again(time.Hour)}, []Outlook{Quiet, Waiting, Waiting, Waiting, Vanished}},
		{"an answer meanwhile", []Flight{again(3 * second), again(8 * second), again(second), again(6 * second), again(11 * second), again(16 * second)}, []Outlook{Waiting, Waiting, Waiting, Waiting, Waiting, Vanished}},
		{"bad network", []Flight{again(3 * second), again(8 * second), {Outstanding: true, Unacked: true, Resent: 1, LastAck: 20 * second}, again(25 * second)}, []Outlook{Waiting, Waiting, Waiting, Waiting}},
		// A program that reads nothing: its system answers probes, minutes apart.
		{"no room", slices.Repeat([]Flight{{Outstanding: true, LastAck: 110 * second, Probes: 1}}, 5), slices.Repeat([]Outlook{Waiting}, 5)},
		{"vanished without room", slices.Repeat([]Flight{{Outstanding: true, LastAck: 110 * second, Probes: 4}}, 4), []Outlook{Waiting, Waiting, Waiting, Vanished}},
	} {
		var s Stall
		now := time.Unix(1e9, 0)
		var got []Outlook
		for _, f := range test.f {
			got = append(got, s.Seen(f, now))
			now = now.Add(Look)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
