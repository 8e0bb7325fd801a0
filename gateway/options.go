package gateway

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"time"

	"github.com/sirupsen/logrus"
)

// Defaults of [Options], those of PHP's Gateway.
const (
	DefaultLanIP                  = "127.0.0.1"
	DefaultStartPort              = 2000
	DefaultRegisterAddress        = "127.0.0.1:1236"
	DefaultSendToWorkerBufferSize = 10240000
	DefaultSendToClientBufferSize = 1024000
)

// RouterMode says how a client that has no worker yet gets one (PHP:
// Gateway::$selectLoadBalancingMode).
type RouterMode string

const (
	// RouterLeastConnections gives the client to the worker with the fewest
	// clients; among equals to the one that connected first.
	RouterLeastConnections RouterMode = "router_least_connections"
	// RouterRandom gives the client to any worker.
	RouterRandom RouterMode = "router_random"
)

// Options configure a [Gateway]. They carry the names of PHP's properties; the
// zero value of each is PHP's default.
type Options struct {
	// Listen is the address for clients in PHP's spelling, such as
	// "websocket://0.0.0.0:8282". Its scheme is the client protocol: websocket,
	// text, frame or tcp. It is required, unless Protocol is set and listeners
	// are given to Serve.
	Listen string

	// Protocol is a custom client protocol. It takes the place of Listen's
	// scheme, which may then be anything.
	Protocol ClientProtocol

	// TLS turns on TLS for clients (PHP: transport = 'ssl'). nil is plain TCP.
	TLS *tls.Config

	// LanIP is the IPv4 address by which workers and GatewayClients reach this
	// gateway. It is part of every client id. Default "127.0.0.1".
	LanIP string

	// StartPort is the port of the inner address (PHP: lanPort is startPort
	// plus the number of the process; there is one process here). Default 2000.
	StartPort int

	// InnerListen is the IP address that the inner port is opened on, where it
	// differs from LanIP, as in containers (PHP: innerTcpWorkerListen). Default
	// is LanIP, or 0.0.0.0 when LanIP is a public address.
	InnerListen string

	// RegisterAddress are the Registers to announce the gateway at, host:port.
	// nil is "127.0.0.1:1236"; an empty list is none.
	RegisterAddress []string

	// SecretKey must be shared by all parts of the cluster. Default none.
	SecretKey string

	// PingInterval is the time between heartbeats to clients; 0 is none.
	PingInterval time.Duration
	// PingNotResponseLimit times PingInterval is how long a client may be silent
	// before it is dropped; 0 is for ever.
	PingNotResponseLimit int
	// PingData is sent to silent clients at each heartbeat. "" and "0" (empty
	// for PHP) send nothing.
	PingData string

	// Router says how clients are given to workers. Default
	// RouterLeastConnections.
	Router RouterMode

	// SendToWorkerBufferSize bounds the bytes that wait for a worker or a
	// GatewayClient to read. When they have reached it, new messages for it are
	// dropped and logged. Default 10,240,000.
	SendToWorkerBufferSize int
	// SendToClientBufferSize bounds the bytes that wait for a client to read.
	// When they have reached it, new messages for the client are dropped.
	// Default 1,024,000.
	SendToClientBufferSize int

	// BinaryFrames sends websocket messages as binary frames (PHP:
	// $connection->websocketType = Websocket::BINARY_TYPE_ARRAYBUFFER).
	BinaryFrames bool

	// OnBusinessWorkerConnected and OnBusinessWorkerClose are called when a
	// worker has connected and when its connection has ended. Commands and
	// events wait meanwhile: return soon, and do not call the gateway's Shutdown
	// or Close from there.
	OnBusinessWorkerConnected, OnBusinessWorkerClose func(BusinessWorker)

	// Logger receives log entries with the fields role, worker_key, client_id
	// and remote. nil is logrus.StandardLogger().
	Logger logrus.FieldLogger

	// portable serves everything with goroutines, as on systems without epoll.
	portable bool
}

// BusinessWorker says which worker a callback is about.
type BusinessWorker struct {
	Key    string // the worker key, ip:name:id
	Remote netip.AddrPort
}

// OptionError reports an option that cannot be used.
type OptionError struct {
	Option string // name of the field in Options
	Value  string
	Reason string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("gateway: %s %q: %s", e.Option, e.Value, e.Reason)
}

// withDefaults returns o with every zero value replaced, or an *OptionError.
func (o Options) withDefaults() (Options, netip.Addr, error) {
	fail := func(option, value, reason string) (Options, netip.Addr, error) {
		return o, netip.Addr{}, &OptionError{Option: option, Value: value, Reason: reason}
	}
	if o.LanIP == "" {
		o.LanIP = DefaultLanIP
	}
	lanIP, err := netip.ParseAddr(o.LanIP)
	if err != nil || !lanIP.Is4() {
		return fail("LanIP", o.LanIP, "not an IPv4 address")
	}
	if lanIP.IsUnspecified() {
		return fail("LanIP", o.LanIP, "workers cannot connect to this address; to listen on all addresses set InnerListen")
	}
	if o.StartPort == 0 {
		o.StartPort = DefaultStartPort
	}
	if o.StartPort < 0 || o.StartPort > 65535 {
		return fail("StartPort", fmt.Sprint(o.StartPort), "not a port")
	}
	if o.InnerListen == "" {
		o.InnerListen = o.LanIP
		if isPublic(lanIP) {
			o.InnerListen = "0.0.0.0"
		}
	}
	if _, err := netip.ParseAddr(o.InnerListen); err != nil {
		return fail("InnerListen", o.InnerListen, "not an IP address")
	}
	if o.RegisterAddress == nil {
		o.RegisterAddress = []string{DefaultRegisterAddress}
	}
	if o.PingInterval < 0 {
		return fail("PingInterval", o.PingInterval.String(), "negative")
	}
	if o.PingNotResponseLimit < 0 {
		return fail("PingNotResponseLimit", fmt.Sprint(o.PingNotResponseLimit), "negative")
	}
	switch o.Router {
	case "":
		o.Router = RouterLeastConnections
	case RouterLeastConnections, RouterRandom:
	default:
		return fail("Router", string(o.Router), "want "+string(RouterLeastConnections)+" or "+string(RouterRandom))
	}
	if o.SendToWorkerBufferSize == 0 {
		o.SendToWorkerBufferSize = DefaultSendToWorkerBufferSize
	}
	if o.SendToClientBufferSize == 0 {
		o.SendToClientBufferSize = DefaultSendToClientBufferSize
	}
	if o.SendToWorkerBufferSize < 0 {
		return fail("SendToWorkerBufferSize", fmt.Sprint(o.SendToWorkerBufferSize), "negative")
	}
	if o.SendToClientBufferSize < 0 {
		return fail("SendToClientBufferSize", fmt.Sprint(o.SendToClientBufferSize), "negative")
	}
	if o.Logger == nil {
		o.Logger = logrus.StandardLogger()
	}
	return o, lanIP, nil
}

// isPublic says what PHP's FILTER_FLAG_NO_PRIV_RANGE|FILTER_FLAG_NO_RES_RANGE
// lets through: with such a lanIp PHP opens the inner port on all addresses,
// because cloud hosts do not have their public address themselves.
func isPublic(a netip.Addr) bool {
	b := a.As4()
	return !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && b[0] != 0 && b[0] < 240
}

// keepAliveInterval is the time between pings to workers on other hosts (PHP:
// Gateway::PERSISTENCE_CONNECTION_PING_INTERVAL).
const keepAliveInterval = 25 * time.Second
