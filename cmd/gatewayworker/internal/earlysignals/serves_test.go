package earlysignals

import "testing"

func TestServes(t *testing.T) {
	for _, test := range []struct {
		args []string
		want bool
	}{
		{nil, false},
		{[]string{"gatewayworker"}, false},
		{[]string{"gatewayworker", "start"}, true},
		{[]string{"gatewayworker", "--workerman={}", "gateway"}, false},
		{[]string{"gatewayworker", "register", "--listen", "x"}, true},
		{[]string{"gatewayworker", "client", "start"}, false},
	} {
		if got := serves(test.args); got != test.want {
			t.Errorf("%q: %v, want %v", test.args, got, test.want)
		}
	}
}
