package main

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

const categoryLimits = "Limits"

// limitFlags bound what clients may do, and who may reach the inner port. All are
// off by default, as in PHP.
func limitFlags() []cli.Flag {
	number := func(name, usage string) cli.Flag {
		return &cli.IntFlag{Name: name, Category: categoryLimits, Usage: usage, EnvVars: env(name)}
	}
	return []cli.Flag{
		number("max-clients", "`NUMBER` of clients at most; 0 is without limit, here and below"),
		number("max-clients-per-address", "`NUMBER` of clients of one IPv4 address, or one /64 of IPv6"),
		number("max-connects-per-second", "`NUMBER` of new connections a second"),
		number("max-connects-per-second-per-address", "`NUMBER` of new connections a second of one address"),
		number("max-messages-per-second", "`NUMBER` of messages that one client may send a second, on average over 5 s"),
		number("max-bytes-per-second", "`BYTES` that one client may send a second, on average over 5 s"),
		number("max-message-size", "`BYTES` of one message of a client; max-package-size also bounds workers"),
		secondsFlag("identify-timeout", categoryLimits, "in which a client must be given a uid, a session or a group: seconds or a duration; 0 is for ever", 0),
		&cli.StringSliceFlag{Name: "origins", Category: categoryLimits, Usage: "`PATTERNS` of pages whose websockets are accepted: https://example.com, example.com, *.example.com; none is for programs without Origin (default: all)", EnvVars: env("origins")},
		secondsFlag("user-timeout", categoryLimits, "after which a client ends that does not confirm what was sent (TCP_USER_TIMEOUT): seconds or a duration; 0 is the system's", 0),
		&cli.StringSliceFlag{Name: "inner-allow", Category: categoryLimits, Usage: "`NETWORKS` of workers and GatewayClients: others are refused at the inner port (default: all)", EnvVars: env("inner-allow")},
		&cli.StringFlag{Name: "connection-id-start", Category: categoryLimits, Usage: "connection id of the first client: a `NUMBER`, or clock for one that goes on from restart to restart", Value: "1", EnvVars: env("connection-id-start")},
	}
}

// allowNoSecretKeyFlag and registerAllowFlag are flags of Registers and gateways.
func allowNoSecretKeyFlag() cli.Flag {
	return &cli.BoolFlag{Name: "allow-no-secret-key", Category: categoryLimits, Usage: "open ports for workers on all or on public addresses without a secret key: whoever reaches them commands the cluster", EnvVars: env("allow-no-secret-key")}
}

func registerAllowFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "register-allow", Category: categoryLimits, Usage: "`NETWORKS` of gateways, workers and GatewayClients: others are refused at the Register's port (default: all)", EnvVars: env("register-allow")}
}

// readLimitFlags reads limitFlags into opts.
func readLimitFlags(c *cli.Context, opts *gateway.Options) (err error) {
	for name, to := range map[string]*int{
		"max-clients":                         &opts.MaxClients,
		"max-clients-per-address":             &opts.MaxClientsPerAddress,
		"max-connects-per-second":             &opts.MaxConnectsPerSecond,
		"max-connects-per-second-per-address": &opts.MaxConnectsPerSecondPerAddress,
		"max-messages-per-second":             &opts.MaxMessagesPerSecond,
		"max-bytes-per-second":                &opts.MaxBytesPerSecond,
		"max-message-size":                    &opts.MaxMessageSize,
	} {
		*to = c.Int(name)
	}
	opts.IdentifyTimeout = secondsOf(c, "identify-timeout")
	opts.UserTimeout = secondsOf(c, "user-timeout")
	opts.Origins = c.StringSlice("origins")
	if len(opts.Origins) == 0 {
		opts.Origins = nil
	}
	if opts.InnerAllow, err = networksOf(c, "inner-allow"); err != nil {
		return err
	}
	opts.ConnectionIDStart, err = connectionIDStart(c.String("connection-id-start"), time.Now())
	return err
}

// connectionIDStart reads the flag. The clock counts 16,000 ids a second, which is
// more than clients come: no id of a run before is given again, until after 74
// hours all have come round.
func connectionIDStart(text string, now time.Time) (uint32, error) {
	switch text {
	case "clock":
		return max(uint32(now.UnixMilli()<<4), 1), nil
	case "", "1": // as PHP
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		return 0, &flagError{"connection-id-start", text, "want a number from 1 to 4294967295, or clock"}
	}
	return uint32(n), nil
}

// checkSecretKey refuses to open a port without a secret key where the internet,
// or any network that the machine is in, may reach it.
func checkSecretKey(c *cli.Context, flag string, listen netip.Addr, allowed []netip.Prefix) error {
	if c.String("secret-key") != "" || c.Bool("allow-no-secret-key") || len(allowed) > 0 {
		return nil
	}
	if openToEverybody(listen) {
		return &flagError{flag, listen.String(), "opens a port for workers to everybody without a secret key: set --secret-key, or the networks that may come (--" + allowFlag[flag] + "), or confirm it with --allow-no-secret-key"}
	}
	return nil
}

// openToEverybody says whether a port at the address is reached from anywhere.
func openToEverybody(listen netip.Addr) bool {
	return listen.IsUnspecified() || listen.IsGlobalUnicast() && !listen.IsPrivate()
}

// allowFlag is the flag that restricts who comes to a port.
var allowFlag = map[string]string{"inner-listen": "inner-allow", "listen": "register-allow", "register-listen": "register-allow"}

// checkInnerKey is checkSecretKey for a gateway's inner port.
func checkInnerKey(c *cli.Context, opts *gateway.Options) error {
	listen := opts.InnerListen
	if listen == "" {
		listen = opts.LanIP // of a public one, gateway opens all addresses
	}
	a, err := netip.ParseAddr(listen)
	if lanIP, _ := netip.ParseAddr(opts.LanIP); err != nil || lanIP.IsUnspecified() {
		return nil // gateway.New complains
	}
	return checkSecretKey(c, "inner-listen", a, opts.InnerAllow)
}
