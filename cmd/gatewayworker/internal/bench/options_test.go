package bench

import (
	"errors"
	"testing"
)

func TestOptions(t *testing.T) {
	ok := Options{Scenario: "echo", Addresses: []string{"websocket://127.0.0.1:8282"}, InnerAddresses: []string{"127.0.0.1:2900"}}
	for _, c := range []struct {
		name   string
		change func(*Options)
		option string // of the error; none when empty
	}{
		{"as it is", func(o *Options) {}, ""},
		{"all of 127.0.0.0/8", func(o *Options) { o.Addresses[0] = "text://127.9.8.7:1" }, ""},
		{"short scheme", func(o *Options) { o.Addresses[0] = "ws://127.0.0.1:8282/" }, ""},
		{"TLS", func(o *Options) { o.Addresses[0] = "wss://127.0.0.1:8282" }, ""},
		{"no scheme", func(o *Options) { o.Addresses[0] = "127.0.0.1:8282" }, ""},
		{"floor needs no server", func(o *Options) { *o = Options{Scenario: "floor"} }, ""},
		{"remote, allowed", func(o *Options) { o.Addresses[0], o.AllowRemote = "ws://192.0.2.1:80", true }, ""},
		{"remote client address", func(o *Options) { o.Addresses[0] = "ws://192.0.2.1:80" }, "address"},
		{"remote inner address", func(o *Options) { o.InnerAddresses[0] = "10.0.0.1:2900" }, "inner"},
		{"unknown scenario", func(o *Options) { o.Scenario = "ehco" }, "scenario"},
		{"unknown scheme", func(o *Options) { o.Addresses[0] = "http://127.0.0.1:80" }, "address"},
		{"no port", func(o *Options) { o.Addresses[0] = "ws://127.0.0.1" }, "address"},
		{"a name", func(o *Options) { o.Addresses[0] = "ws://localhost:80" }, "address"},
		{"no address", func(o *Options) { o.Addresses = nil }, "address"},
		{"no inner address", func(o *Options) { o.InnerAddresses = nil }, "inner"},
		{"bad inner address", func(o *Options) { o.InnerAddresses[0] = "[::1]:2900" }, "inner"},
		{"too many clients", func(o *Options) { o.Clients = MaxClients + 1 }, "clients"},
		{"too many for both ends", func(o *Options) { o.Scenario, o.Clients = "floor", MaxClients }, "clients"},
		{"no room for the head", func(o *Options) { o.Size = 10 }, "size"},
		{"negative rate", func(o *Options) { o.Rate = -1 }, "duration, interval, settle, stall, rate"},
		{"unknown worker", func(o *Options) { o.Worker = "php" }, "worker"},
		{"uplink through another worker", func(o *Options) { o.Scenario, o.Worker = "uplink", WorkerNone }, "worker"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := ok
			o.Addresses = append([]string(nil), ok.Addresses...)
			o.InnerAddresses = append([]string(nil), ok.InnerAddresses...)
			c.change(&o)
			p, err := o.plan()
			var oe *OptionsError
			switch {
			case c.option == "" && err != nil:
				t.Fatal(err)
			case c.option != "" && (!errors.As(err, &oe) || oe.Option != c.option):
				t.Fatalf("error %v, want one about %q", err, c.option)
			case err == nil && (p.Clients == 0 || p.Size == 0 || p.Duration == 0):
				t.Errorf("defaults are missing: %+v", p.Options)
			}
		})
	}
	for _, s := range Scenarios() {
		if _, ok := scenarioDefaults[s]; !ok {
			t.Errorf("%s has no defaults", s)
		}
	}
}
