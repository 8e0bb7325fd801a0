package main

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

func TestLimitFlags(t *testing.T) {
	got, err := parse(t, gatewayFlags(""), gatewayOptions,
		"--max-clients", "1", "--max-clients-per-address", "2", "--max-connects-per-second", "3", "--max-connects-per-second-per-address", "4",
		"--max-messages-per-second", "5", "--max-bytes-per-second", "6", "--max-message-size", "7", "--identify-timeout", "8",
		"--origins", "https://a.test,*.b.test", "--user-timeout", "9", "--inner-allow", "10.0.0.0/8,192.0.2.1", "--connection-id-start", "11")
	want := gateway.Options{
		MaxClients: 1, MaxClientsPerAddress: 2, MaxConnectsPerSecond: 3, MaxConnectsPerSecondPerAddress: 4,
		MaxMessagesPerSecond: 5, MaxBytesPerSecond: 6, MaxMessageSize: 7, IdentifyTimeout: 8 * time.Second,
		Origins: []string{"https://a.test", "*.b.test"}, UserTimeout: 9 * time.Second,
		InnerAllow:        []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32")},
		ConnectionIDStart: 11,
	}
	defaults, _ := parse(t, gatewayFlags(""), gatewayOptions)
	want.Listen, want.LanIP, want.StartPort, want.Router = defaults.Listen, defaults.LanIP, defaults.StartPort, defaults.Router
	want.SendToClientBufferSize, want.SendToWorkerBufferSize = defaults.SendToClientBufferSize, defaults.SendToWorkerBufferSize
	want.MaxPackageSize, want.HandshakeTimeout = defaults.MaxPackageSize, defaults.HandshakeTimeout
	want.CompressionLevel, want.CompressionMinSize, want.CompressionMaxSize = defaults.CompressionLevel, defaults.CompressionMinSize, defaults.CompressionMaxSize
	want.ConnectHookTimeout, want.ConnectHookInFlight, want.ConnectHookQueue = defaults.ConnectHookTimeout, defaults.ConnectHookInFlight, defaults.ConnectHookQueue
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(gateway.Options{}), cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestConnectionIDStart(t *testing.T) {
	at := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	first, err := connectionIDStart("clock", at)
	if err != nil {
		t.Fatal(err)
	}
	later, _ := connectionIDStart("clock", at.Add(10*time.Second))
	if n := later - first; n != 160_000 {
		t.Errorf("ten seconds later it is %d ids further", n)
	}
	for _, bad := range []string{"0", "-1", "4294967296", "now"} {
		if _, err := connectionIDStart(bad, at); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestSecretKeyNeeded: no port for workers is open to everybody without a key,
// unless a flag says so.
func TestSecretKeyNeeded(t *testing.T) {
	for _, test := range []struct {
		args string
		good bool
	}{
		{"", true},
		{"--lan-ip 192.168.1.10", true},
		{"--lan-ip 192.168.1.10 --inner-listen 0.0.0.0", false},
		{"--lan-ip 203.0.113.1", false},
		{"--inner-listen 0.0.0.0 --secret-key k", true},
		{"--inner-listen 0.0.0.0 --inner-allow 10.0.0.0/8", true},
		{"--inner-listen 0.0.0.0 --allow-no-secret-key", true},
		{"--inner-listen ::", false},
	} {
		_, err := parse(t, gatewayFlags(""), func(c *cli.Context) (opts gateway.Options, err error) {
			if opts, err = gatewayOptions(c); err == nil {
				err = checkInnerKey(c, &opts)
			}
			return opts, err
		}, strings.Fields(test.args)...)
		var bad *flagError
		if errors.As(err, &bad) == test.good {
			t.Errorf("%q: %v", test.args, err)
		}
	}
}
