package main

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// Where clients and workers find a gateway unless a flag says otherwise: the
// ports of PHP's skeleton project, which most deployments keep. (The property
// startPort itself is 2000 in PHP, and in gateway.Options.)
const (
	defaultListen    = "websocket://0.0.0.0:8282"
	defaultStartPort = 2900
)

// gatewayFlags are named after the properties of PHP's Gateway.
// optionFlags says which option each of them is.
func gatewayFlags(registerAddressUsage string) []cli.Flag {
	return slices.Concat([]cli.Flag{
		&cli.StringFlag{Name: "listen", Aliases: []string{"l"}, Category: categoryClients, Usage: "`ADDRESS` for clients: websocket://, text://, frame:// or tcp://, then host:port ([::]:8282 for IPv6 too)", Value: defaultListen, EnvVars: env("listen")},
		&cli.BoolFlag{Name: "binary-frames", Category: categoryClients, Usage: "send websocket messages as binary frames (PHP: websocketType)", EnvVars: env("binary-frames")},
		&cli.IntFlag{Name: "handshake-data", Category: categoryClients, Usage: "data of onWebSocketConnect, `VERSION` 4: of GatewayWorker 4 on Workerman 5; 3: of GatewayWorker 3.x, and of all on Workerman 3.5 and 4", Value: int(gateway.HandshakeData4), EnvVars: env("handshake-data")},
		&cli.IntFlag{Name: "send-to-client-buffer-size", Category: categoryClients, Usage: "`BYTES` that may wait for a client; at the bound new messages are dropped", Value: gateway.DefaultSendToClientBufferSize, EnvVars: env("send-to-client-buffer-size")},
		&cli.IntFlag{Name: "max-package-size", Category: categoryClients, Usage: "`BYTES` that a client may send at once, and a worker; who sends more is disconnected (PHP: defaultMaxPackageSize)", Value: gateway.DefaultMaxPackageSize, EnvVars: env("max-package-size")},
		&cli.BoolFlag{Name: "refuse-unnegotiated-compression", Category: categoryClients, Usage: "disconnect websocket clients that send compressed frames (RSV1) without having negotiated it; PHP inflates them", EnvVars: env("refuse-unnegotiated-compression")},
		&cli.StringSliceFlag{Name: "websocket-protocol", Category: categoryClients, Usage: "`NAME` of a subprotocol: the first that a client offers and that is named here is the one that the handshake's answer names (Sec-WebSocket-Protocol); repeat it for several (default: none, and browsers that offer one close)", EnvVars: env("websocket-protocol")},
		secondsFlag("handshake-timeout", categoryClients, "in which clients must finish the handshakes of TLS and websocket: seconds or a duration; 0 is for ever, as in PHP", gateway.DefaultHandshakeTimeout),

		&cli.StringFlag{Name: "lan-ip", Category: categoryCluster, Usage: "`IPV4` address by which workers and GatewayClients reach this gateway, or auto for the one that leads to the Register", Value: gateway.DefaultLanIP, EnvVars: env("lan-ip")},
		&cli.IntFlag{Name: "start-port", Category: categoryCluster, Usage: "inner `PORT`, for workers and GatewayClients", Value: defaultStartPort, EnvVars: env("start-port")},
		&cli.StringFlag{Name: "inner-listen", Category: categoryCluster, Usage: "`IP` to open the inner port on where it is not lan-ip, as in containers (PHP: innerTcpWorkerListen)", EnvVars: env("inner-listen")},
		&cli.StringSliceFlag{Name: "register-address", Category: categoryCluster, Usage: registerAddressUsage, EnvVars: env("register-address")},
		&cli.StringFlag{Name: "router", Category: categoryCluster, Usage: "how clients are given to workers: least-connections or random (PHP: selectLoadBalancingMode)", Value: "least-connections", EnvVars: env("router")},
		&cli.IntFlag{Name: "send-to-worker-buffer-size", Category: categoryCluster, Usage: "`BYTES` that may wait for a worker; at the bound new messages are dropped", Value: gateway.DefaultSendToWorkerBufferSize, EnvVars: env("send-to-worker-buffer-size")},

		secondsFlag("ping-interval", categoryHeartbeat, "between heartbeats: seconds or a duration; 0 is none", 0),
		&cli.IntFlag{Name: "ping-not-response-limit", Category: categoryHeartbeat, Usage: "drop clients silent for so many intervals; 0 is never", EnvVars: env("ping-not-response-limit")},
		&cli.StringFlag{Name: "ping-data", Category: categoryHeartbeat, Usage: "`MESSAGE` sent to silent clients; empty is none", EnvVars: env("ping-data")},
	}, compressionFlags(), secretKeyFlags(), proxyFlags(), connectHookFlags(), limitFlags(), drainFlags(), []cli.Flag{allowNoSecretKeyFlag()}, tlsFlags())
}

// optionFlags tells which flag is behind an option of gateway.Options.
var optionFlags = map[string]string{
	"Listen":                         "listen",
	"LanIP":                          "lan-ip",
	"StartPort":                      "start-port",
	"InnerListen":                    "inner-listen",
	"RegisterAddresses":              "register-address",
	"PingInterval":                   "ping-interval",
	"PingNotResponseLimit":           "ping-not-response-limit",
	"Router":                         "router",
	"HandshakeData":                  "handshake-data",
	"SendToWorkerBufferSize":         "send-to-worker-buffer-size",
	"SendToClientBufferSize":         "send-to-client-buffer-size",
	"MaxPackageSize":                 "max-package-size",
	"HandshakeTimeout":               "handshake-timeout",
	"MaxClients":                     "max-clients",
	"MaxClientsPerAddress":           "max-clients-per-address",
	"MaxConnectsPerSecond":           "max-connects-per-second",
	"MaxConnectsPerSecondPerAddress": "max-connects-per-second-per-address",
	"MaxMessagesPerSecond":           "max-messages-per-second",
	"MaxBytesPerSecond":              "max-bytes-per-second",
	"MaxMessageSize":                 "max-message-size",
	"IdentifyTimeout":                "identify-timeout",
	"Origins":                        "origins",
	"WebsocketProtocols":             "websocket-protocol",
	"UserTimeout":                    "user-timeout",
	"InnerAllow":                     "inner-allow",
	"ConnectHook":                    "connect-hook",
	"ConnectHookTimeout":             "connect-hook-timeout",
	"ConnectHookInFlight":            "connect-hook-in-flight",
	"ConnectHookQueue":               "connect-hook-queue",
	"ConnectHookFailOpen":            "connect-hook-on-failure",
	"ConnectionIDStart":              "connection-id-start",
	"TrustedProxies":                 "trusted-proxies",
	"ProxyHeader":                    "proxy-header",
	"ProxyProtocol":                  "proxy-protocol",
	"SecretKey":                      "secret-key",
	"PingData":                       "ping-data",
	"BinaryFrames":                   "binary-frames",

	"RefuseUnnegotiatedCompression": "refuse-unnegotiated-compression",
	"Compression":                   "compression",
	"CompressionLevel":              "compression-level",
	"CompressionMinSize":            "compression-min-size",
	"CompressionMaxSize":            "compression-max-size",
}

// gatewayOptions reads gatewayFlags but those of TLS. Logger is left to the
// caller.
func gatewayOptions(c *cli.Context) (gateway.Options, error) {
	opts := gateway.Options{
		Listen:                 c.String("listen"),
		LanIP:                  c.String("lan-ip"),
		StartPort:              c.Int("start-port"),
		InnerListen:            c.String("inner-listen"),
		RegisterAddresses:      c.StringSlice("register-address"),
		SecretKey:              c.String("secret-key"),
		PingInterval:           secondsOf(c, "ping-interval"),
		PingNotResponseLimit:   c.Int("ping-not-response-limit"),
		PingData:               c.String("ping-data"),
		SendToWorkerBufferSize: c.Int("send-to-worker-buffer-size"),
		SendToClientBufferSize: c.Int("send-to-client-buffer-size"),
		MaxPackageSize:         c.Int("max-package-size"),
		HandshakeTimeout:       secondsOf(c, "handshake-timeout"),
		BinaryFrames:           c.Bool("binary-frames"),

		RefuseUnnegotiatedCompression: c.Bool("refuse-unnegotiated-compression"),
	}
	if opts.HandshakeTimeout == 0 { // the default in Options
		opts.HandshakeTimeout = -1
	}
	// 0 is the default in Options; as a flag it would be a mistake.
	if opts.StartPort < 1 || opts.StartPort > 65535 {
		return opts, &flagError{"start-port", strconv.Itoa(opts.StartPort), "want a port, 1 to 65535"}
	}
	if c.IsSet("handshake-data") {
		opts.HandshakeData = gateway.HandshakeData(c.Int("handshake-data"))
		if opts.HandshakeData == 0 {
			return opts, &flagError{"handshake-data", "0", "want 3 or 4"}
		}
	}
	for _, name := range []string{"send-to-worker-buffer-size", "send-to-client-buffer-size", "max-package-size"} {
		if n := c.Int(name); n < 1 {
			return opts, &flagError{name, strconv.Itoa(n), "want a number of bytes"}
		}
	}
	for _, addr := range opts.RegisterAddresses {
		if err := checkRegisterAddress(addr); err != nil {
			return opts, err
		}
	}
	if opts.LanIP == "auto" {
		ip, err := autoLanIP(opts.RegisterAddresses, isOwnHost)
		if err != nil {
			return opts, err
		}
		opts.LanIP = ip.String()
	}
	if err := readProxyFlags(c, &opts); err != nil {
		return opts, err
	}
	if err := readCompressionFlags(c, &opts); err != nil {
		return opts, err
	}
	if err := readConnectHookFlags(c, &opts); err != nil {
		return opts, err
	}
	if err := readLimitFlags(c, &opts); err != nil {
		return opts, err
	}
	if err := checkDrainFlags(c); err != nil {
		return opts, err
	}
	if opts.WebsocketProtocols = c.StringSlice("websocket-protocol"); len(opts.WebsocketProtocols) == 0 {
		opts.WebsocketProtocols = nil
	}
	var err error
	opts.Router, err = routerMode(c.String("router"))
	return opts, err
}

// routerMode takes the short names and the values of PHP's constants.
func routerMode(s string) (gateway.RouterMode, error) {
	switch s {
	case "least-connections", string(gateway.RouterLeastConnections):
		return gateway.RouterLeastConnections, nil
	case "random", string(gateway.RouterRandom):
		return gateway.RouterRandom, nil
	}
	return "", &flagError{"router", s, "want least-connections or random"}
}

// checkRegisterAddress refuses an address that could never be dialled.
func checkRegisterAddress(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || host == "" || n == 0 || strings.Contains(host, "/") {
		return &flagError{"register-address", addr, "want host:port, as in 127.0.0.1:1236"}
	}
	return nil
}
