package main

import (
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// parse runs read with the flags that args set.
func parse[T any](t *testing.T, flags []cli.Flag, read func(*cli.Context) (T, error), args ...string) (value T, err error) {
	t.Helper()
	app := &cli.App{Flags: flags, Action: func(c *cli.Context) error {
		value, err = read(c)
		return nil
	}}
	if err := app.Run(append([]string{"test"}, args...)); err != nil {
		t.Fatal(err)
	}
	return value, err
}

func TestGatewayOptions(t *testing.T) {
	same := cmp.Options{cmpopts.IgnoreUnexported(gateway.Options{}), cmpopts.EquateComparable(netip.Prefix{})}
	for name, test := range map[string]struct {
		args []string
		want gateway.Options
	}{
		"defaults": {nil, gateway.Options{
			Listen: "websocket://0.0.0.0:8282", LanIP: "127.0.0.1", StartPort: 2900,
			Router: gateway.RouterLeastConnections, SendToWorkerBufferSize: 10240000, SendToClientBufferSize: 1024000,
			MaxPackageSize: 10485760, HandshakeTimeout: time.Minute,
			CompressionLevel: 5, CompressionMinSize: 256, CompressionMaxSize: 262144,
			ConnectHookTimeout: 5 * time.Second, ConnectHookInFlight: 64, ConnectHookQueue: 10000,
		}},
		"all": {[]string{
			"--listen", "text://[::]:1", "--binary-frames", "--handshake-data", "3", "--send-to-client-buffer-size", "2",
			"--max-package-size", "3000", "--handshake-timeout", "1500ms", "--refuse-unnegotiated-compression",
			"--websocket-protocol", "chat,mqtt", "--websocket-protocol", "soap",
			"--compression", "--compression-level", "1", "--compression-min-size", "20", "--compression-max-size", "30",
			"--connect-hook-timeout", "1.5", "--connect-hook-in-flight", "2", "--connect-hook-queue", "3", "--connect-hook-on-failure", "allow",
			"--trusted-proxies", "10.0.0.0/8,192.0.2.1", "--trusted-proxies", "2001:db8::/32", "--proxy-header", "X-Real-IP", "--proxy-protocol",
			"--lan-ip", "10.0.0.3", "--start-port", "4", "--inner-listen", "10.0.0.5",
			"--register-address", "a:6", "--register-address", "b:7,c:8", "--secret-key", "nine",
			"--router", "random", "--send-to-worker-buffer-size", "10",
			"--ping-interval", "11", "--ping-not-response-limit", "12", "--ping-data", `{"type":"ping"}`,
		}, gateway.Options{
			Listen: "text://[::]:1", BinaryFrames: true, HandshakeData: gateway.HandshakeData3, SendToClientBufferSize: 2,
			MaxPackageSize: 3000, HandshakeTimeout: 1500 * time.Millisecond, RefuseUnnegotiatedCompression: true,
			WebsocketProtocols: []string{"chat", "mqtt", "soap"},
			Compression:        true, CompressionLevel: 1, CompressionMinSize: 20, CompressionMaxSize: 30,
			ConnectHookTimeout: 1500 * time.Millisecond, ConnectHookInFlight: 2, ConnectHookQueue: 3, ConnectHookFailOpen: true,
			TrustedProxies: []netip.Prefix{
				netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::/32"),
			},
			ProxyHeader: "X-Real-IP", ProxyProtocol: true,
			LanIP: "10.0.0.3", StartPort: 4, InnerListen: "10.0.0.5",
			RegisterAddresses: []string{"a:6", "b:7", "c:8"}, SecretKey: "nine",
			Router: gateway.RouterRandom, SendToWorkerBufferSize: 10,
			PingInterval: 11 * time.Second, PingNotResponseLimit: 12, PingData: `{"type":"ping"}`,
		}},
		"PHP's constant": {[]string{"--router", "router_random"}, gateway.Options{
			Listen: "websocket://0.0.0.0:8282", LanIP: "127.0.0.1", StartPort: 2900,
			Router: gateway.RouterRandom, SendToWorkerBufferSize: 10240000, SendToClientBufferSize: 1024000,
			MaxPackageSize: 10485760, HandshakeTimeout: time.Minute,
			CompressionLevel: 5, CompressionMinSize: 256, CompressionMaxSize: 262144,
			ConnectHookTimeout: 5 * time.Second, ConnectHookInFlight: 64, ConnectHookQueue: 10000,
		}},
		"no limit": {[]string{"--handshake-timeout", "0"}, gateway.Options{
			Listen: "websocket://0.0.0.0:8282", LanIP: "127.0.0.1", StartPort: 2900,
			Router: gateway.RouterLeastConnections, SendToWorkerBufferSize: 10240000, SendToClientBufferSize: 1024000,
			MaxPackageSize: 10485760, HandshakeTimeout: -1,
			CompressionLevel: 5, CompressionMinSize: 256, CompressionMaxSize: 262144,
			ConnectHookTimeout: 5 * time.Second, ConnectHookInFlight: 64, ConnectHookQueue: 10000,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(t, gatewayFlags(""), gatewayOptions, test.args...)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.RegisterAddresses) == 0 {
				got.RegisterAddresses = nil
			}
			if diff := cmp.Diff(test.want, got, same); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An error about an option must name a flag that there is.
func TestOptionFlags(t *testing.T) {
	flags := map[string]bool{}
	for _, f := range gatewayFlags("") {
		flags[f.Names()[0]] = true
	}
	options := reflect.TypeFor[gateway.Options]()
	for option, flag := range optionFlags {
		if _, ok := options.FieldByName(option); !ok || !flags[flag] {
			t.Errorf("%s is --%s: one of them does not exist", option, flag)
		}
	}
}
