package options_test

import (
	"errors"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
	"github.com/google/go-cmp/cmp"
)

func TestDefaults(t *testing.T) {
	var (
		n, port, percent int
		d                time.Duration
		addrs            []string
	)
	c := options.For("gateway")
	c.Int("N", &n, 5)
	c.Port("Port", &port, 2900)
	c.IntRange("Percent", &percent, 50, 1, 100)
	c.Duration("D", &d, time.Second)
	c.Addresses("Addresses", &addrs, options.DefaultRegisterAddress)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	if n != 5 || port != 2900 || percent != 50 || d != time.Second || !cmp.Equal(addrs, []string{"127.0.0.1:1236"}) {
		t.Errorf("defaults: %d, %d, %d, %v, %q", n, port, percent, d, addrs)
	}
}

func TestSetValuesStay(t *testing.T) {
	n, port, d := 7, 65535, time.Minute
	given := []string{"register.example:1236", "[::1]:9"}
	addrs := given
	c := options.For("gateway")
	c.Int("N", &n, 5)
	c.Port("Port", &port, 2900)
	c.Duration("D", &d, time.Second)
	c.NotNegative("None", 0)
	c.Addresses("Addresses", &addrs, options.DefaultRegisterAddress)
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	if n != 7 || port != 65535 || d != time.Minute || !cmp.Equal(addrs, given) {
		t.Errorf("values: %d, %d, %v, %q", n, port, d, addrs)
	}
	addrs[0] = "changed"
	if given[0] == "changed" {
		t.Error("the caller's list is in use")
	}
}

func TestRefused(t *testing.T) {
	number := func(n int) *int { return &n }
	for _, tt := range []struct {
		name  string
		check func(c *options.Checker)
		want  string
	}{
		{"int", func(c *options.Checker) { c.Int("Queue", number(-1), 5) },
			"gateway: option Queue: -1: negative; use 0 for the default of 5, or a positive number"},
		{"port", func(c *options.Checker) { c.Port("StartPort", number(70000), 1) },
			"gateway: option StartPort: 70000: not a port; use 1 to 65535"},
		{"negative port", func(c *options.Checker) { c.Port("StartPort", number(-1), 1) },
			"gateway: option StartPort: -1: not a port; use 1 to 65535"},
		{"range", func(c *options.Checker) { c.IntRange("Level", number(10), 1, 1, 9) },
			"gateway: option Level: 10: out of range; use 1 to 9"},
		{"below the range", func(c *options.Checker) { c.IntRange("Level", number(-3), 1, 1, 9) },
			"gateway: option Level: -3: out of range; use 1 to 9"},
		{"too small", func(c *options.Checker) { c.IntRange("Size", number(10), 100, 50, 0) },
			"gateway: option Size: 10: too small; use 50 or more"},
		{"duration", func(c *options.Checker) { d := -time.Second; c.Duration("Timeout", &d, time.Minute) },
			"gateway: option Timeout: -1s: negative; use 0 for the default of 1m0s, or a positive duration"},
		{"duration without default", func(c *options.Checker) { c.NotNegative("Interval", -time.Second) },
			"gateway: option Interval: -1s: negative; use 0 for none, or a positive duration"},
		{"address without port", func(c *options.Checker) { c.Addresses("Registers", &[]string{"a:1", "b"}, "") },
			`gateway: option Registers: "b": not host:port; an address looks like 127.0.0.1:1236`},
		{"address without host", func(c *options.Checker) { c.Address("Register", ":1236") },
			`gateway: option Register: ":1236": not host:port; an address looks like 127.0.0.1:1236`},
		{"address with a named port", func(c *options.Checker) { c.Address("Register", "a:http") },
			`gateway: option Register: "a:http": its port is not a number from 1 to 65535`},
		{"address with port 0", func(c *options.Checker) { c.Address("Register", "a:0") },
			`gateway: option Register: "a:0": its port is not a number from 1 to 65535`},
		{"missing", func(c *options.Checker) { c.Refuse("Listen", "", "required") },
			"gateway: option Listen: required"},
		{"the first of two", func(c *options.Checker) { c.Refuse("A", 1, "first"); c.Refuse("B", 2, "second") },
			"gateway: option A: 1: first"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := options.For("gateway")
			tt.check(c)
			var oe *gatewayprotocol.OptionError
			if err := c.Err(); !errors.As(err, &oe) || err.Error() != tt.want {
				t.Errorf("error %q, want %q", err, tt.want)
			}
		})
	}
}
