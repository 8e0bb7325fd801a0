package main

import (
	"slices"
	"testing"
)

func TestEditDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"start", "start", 0}, {"", "abc", 3}, {"abc", "", 3},
		{"strat", "start", 1}, {"stat", "start", 1}, {"starts", "start", 1}, {"stort", "start", 1},
		{"stop", "start", 3}, {"status", "start", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1},
	} {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("%q to %q: %d, want %d", test.a, test.b, got, test.want)
		}
		if got := editDistance(test.b, test.a); got != test.want {
			t.Errorf("%q to %q: %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

func TestSimilar(t *testing.T) {
	commands := commandNames(newApp().Commands)
	operations := commandNames(clientCommand().Subcommands)
	flags := flagNames(gatewayCommand().Flags)
	for _, test := range []struct {
		word  string
		names []string
		want  []string
	}{
		{"strat", commands, []string{"start"}},
		{"gatway", commands, []string{"gateway"}},
		{"Register", commands, []string{"register"}},
		{"reg", commands, []string{"register"}},
		{"stat", commands, []string{"start", "status"}},
		{"frobnicate", commands, nil},
		{"x", commands, nil},
		{"", commands, nil},
		{"grops", operations, []string{"groups"}},
		{"sendToAll", operations, []string{"send-to-all"}},
		{"send_to_uid", operations, []string{"send-to-uid"}},
		{"lan_ip", flags, []string{"lan-ip"}},
		{"lanIp", flags, []string{"lan-ip"}},
		{"pingNotResponseLimit", flags, []string{"ping-not-response-limit"}},
		{"register-adress", flags, []string{"register-address"}},
		{"port", flags, nil},
		{"frobnicate", flags, nil},
	} {
		if got := similar(test.word, test.names); !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, want %q", test.word, got, test.want)
		}
	}
	if got := similar("send-to", operations); len(got) < 3 || !slices.Contains(got, "send-to-uid") {
		t.Errorf("send-to: %q", got)
	}
	if got := didYouMean("b", []string{"bb", "cb", "a"}); got != `` {
		t.Errorf("%q", got)
	}
	if got := didYouMean("bac", []string{"baa", "bab", "abc"}); got != `; did you mean "baa", "bab" or "abc"?` {
		t.Errorf("%q", got)
	}
}
