package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"
)

func TestUnreachableLanIP(t *testing.T) {
	isOwn := func(host string) bool { return host == "127.0.0.1" || host == "10.0.0.5" }
	for _, test := range []struct {
		lanIP, registers string
		warns            bool
	}{
		{"127.0.0.1", "", false},
		{"127.0.0.1", "127.0.0.1:1236", false},
		{"127.0.0.1", "10.0.0.5:1236", false},
		{"127.0.0.1", "10.0.0.6:1236", true},
		{"127.0.0.1", "127.0.0.1:1236 register:1236", true},
		{"127.0.0.2", "register:1236", true},
		{"10.0.0.5", "register:1236 10.0.0.6:1236", false},
	} {
		text := unreachableLanIP(test.lanIP, strings.Fields(test.registers), isOwn)
		if (text != "") != test.warns || test.warns && !strings.Contains(text, "--lan-ip "+test.lanIP) {
			t.Errorf("%+v: %q", test, text)
		}
	}
}

// The warning is in the log of a gateway that starts.
func TestLanIPWarning(t *testing.T) {
	for register, warns := range map[string]bool{"127.0.0.1:1236": false, "192.0.2.1:1236": true} {
		var text strings.Builder
		log := logrus.New()
		log.SetOutput(&text)
		p := &process{log: log}
		_, err := parse(t, gatewayCommand().Flags, func(c *cli.Context) (_ any, err error) {
			p.units, err = p.newUnits(&settings{gateways: []*scope{{Context: c}}})
			p.warnOfLanIPs()
			return nil, err
		}, "--register-address", register)
		if err != nil || strings.Contains(text.String(), "level=warning") != warns {
			t.Errorf("%s: error %v, log %q", register, err, text.String())
		}
	}
}

func TestIsOwnHost(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	own := []string{"localhost", "127.0.0.1", "127.1.2.3", "::1", name}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			own = append(own, n.IP.String())
		}
	}
	for _, host := range own {
		if !isOwnHost(host) {
			t.Errorf("%s: not this machine", host)
		}
	}
	for _, host := range []string{"192.0.2.1", "2001:db8::1", "register", ""} {
		if isOwnHost(host) {
			t.Errorf("%q: this machine", host)
		}
	}
}

// TestAutoLanIP: the address found is one of this machine, and not loopback.
func TestAutoLanIP(t *testing.T) {
	for _, registers := range [][]string{nil, {"127.0.0.1:1236"}, {"192.0.2.1:1236"}} {
		ip, err := autoLanIP(registers, isOwnHost)
		if err != nil {
			var bad *flagError
			if !errors.As(err, &bad) || bad.flag != "lan-ip" {
				t.Error(err)
			}
			continue // this machine has no such address
		}
		if !ip.Is4() || ip.IsLoopback() || !isOwnHost(ip.String()) {
			t.Errorf("%v: got %v", registers, ip)
		}
	}
}
