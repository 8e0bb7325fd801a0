package gateway

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/clientproto"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
)

// Defaults of [Options], those of PHP's Gateway.
const (
	DefaultLanIP                  = "127.0.0.1"
	DefaultStartPort              = 2000
	DefaultRegisterAddress        = options.DefaultRegisterAddress
	DefaultSendToWorkerBufferSize = 10240000
	DefaultSendToClientBufferSize = 1024000
	DefaultMaxPackageSize         = clientproto.DefaultMaxPackageSize // 10,485,760
)

// DefaultHandshakeTimeout is what [Options.HandshakeTimeout] is unless set. A
// handshake takes a few round trips, seconds on the worst of networks; a minute is
// also what web servers give a request's head.
const DefaultHandshakeTimeout = time.Minute

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

// Options configures a [Gateway]. A field that PHP's Gateway has as well carries
// the name of its property, such as LanIP for $lanIp. Zero means the default of
// each field, which is PHP's but for HandshakeTimeout; a negative or otherwise unusable value is an
// [*OptionError] from [New].
type Options struct {
	// Listen is the address for clients in PHP's spelling, such as
	// "websocket://0.0.0.0:8282". Its scheme is the client protocol: websocket,
	// text, frame or tcp. With port 0 the system chooses a port; see
	// [Gateway.ClientAddr]. Listen is required, unless Protocol is set and
	// listeners are given to Serve.
	Listen string

	// Protocol is a custom client protocol. It takes the place of Listen's
	// scheme, which may then be anything.
	Protocol ClientProtocol

	// TLS turns on TLS for clients (PHP: transport = 'ssl'). nil is plain TCP.
	TLS *tls.Config

	// Listeners are more addresses for clients of this gateway, each with a
	// protocol and TLS of its own.
	Listeners []Listener

	// LanIP is the IPv4 address by which workers and GatewayClients reach this
	// gateway (PHP: lanIp). It is part of every client id. Default "127.0.0.1".
	LanIP string

	// StartPort is the port of the inner address (PHP: lanPort is startPort
	// plus the number of the process; there is one process here). Default 2000,
	// as in PHP. It cannot be left to the system: 0 is the default; give
	// [Gateway.Serve] a listener of your own for that.
	StartPort int

	// InnerListen is the IP address that the inner port is opened on, where it
	// differs from LanIP, as in containers (PHP: innerTcpWorkerListen). Default
	// is LanIP, or 0.0.0.0 when LanIP is a public address.
	InnerListen string

	// RegisterAddresses are the Registers to announce the gateway at, host:port
	// (PHP: registerAddress). Empty is "127.0.0.1:1236".
	RegisterAddresses []string

	// NoRegister announces the gateway nowhere. RegisterAddresses must be empty.
	NoRegister bool

	// Dial opens the connections to the Registers. nil is net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// SecretKey must be the same in all parts of the cluster (PHP: secretKey).
	// Default none.
	SecretKey string

	// PingInterval is the time between heartbeats to clients; 0, the default, is
	// none (PHP: pingInterval, in seconds).
	PingInterval time.Duration
	// PingNotResponseLimit times PingInterval is how long a client may be silent
	// before the gateway closes its connection; 0, the default, is without limit
	// (PHP: pingNotResponseLimit).
	PingNotResponseLimit int
	// PingData is the message that silent clients get at each heartbeat (PHP:
	// pingData). "", the default, and "0", which PHP takes for empty, send nothing.
	PingData string

	// Router says how clients are given to workers (PHP:
	// Gateway::$selectLoadBalancingMode). Default RouterLeastConnections.
	Router RouterMode

	// SendToWorkerBufferSize bounds the bytes that wait for a worker or a
	// GatewayClient to read. When they have reached it, new messages for it are
	// dropped and logged. Default 10,240,000 (PHP: sendToWorkerBufferSize).
	SendToWorkerBufferSize int
	// SendToClientBufferSize bounds the bytes that wait for a client to read.
	// When they have reached it, new messages for the client are dropped.
	// Default 1,024,000 (PHP: sendToClientBufferSize).
	SendToClientBufferSize int

	// MaxPackageSize bounds what a client may send at once (a message with its
	// fragments, a line, a packet) and a frame of the inner port, in bytes. A
	// peer that sends more is disconnected. At least 1,024; default 10,485,760 (PHP:
	// TcpConnection::$defaultMaxPackageSize).
	MaxPackageSize int

	// HandshakeTimeout is how long a client may take for its handshakes, TLS and
	// websocket together, before the gateway closes its connection. Default a
	// minute. Negative is without limit, as in PHP.
	HandshakeTimeout time.Duration

	// TrustedProxies are the networks of proxies in front of the gateway that are
	// believed when they say whose a connection is. What others say of that has no
	// effect. Default none, as in PHP, where every client has its proxy's address.
	TrustedProxies []netip.Prefix
	// ProxyHeader is the header of a websocket request in which TrustedProxies pass
	// on the client's address, such as X-Forwarded-For, the default, X-Real-IP or
	// CF-Connecting-IP. Of a list the last address counts that is not a trusted
	// proxy's. The proxy must set or extend this header: what a client wrote into
	// another one is not looked at. Workers get the address from
	// onWebSocketConnect on; onConnect comes before the request and has the
	// proxy's.
	ProxyHeader string
	// ProxyProtocol has connections of TrustedProxies begin with a head of the PROXY
	// protocol, version 1 or 2, in front of everything else, TLS included; without
	// one they are closed. It serves all client protocols. The client, and its
	// onConnect, come into being when the head is there.
	ProxyProtocol bool

	// MaxClients bounds the clients, MaxClientsPerAddress those of one address: an
	// IPv4 address, or a network of 64 bits of IPv6. More are refused: before a
	// websocket's handshake with the status 503 or 429 where that can be sent at
	// once, else by closing the connection. 0, the default, is without limit, as
	// it is for all that follows.
	MaxClients, MaxClientsPerAddress int
	// MaxConnectsPerSecond bounds new connections, MaxConnectsPerSecondPerAddress
	// those of one address. More are refused as above.
	MaxConnectsPerSecond, MaxConnectsPerSecondPerAddress int
	// MaxMessagesPerSecond and MaxBytesPerSecond bound what one client sends, on
	// average over five seconds. A websocket client that sends more is closed with
	// 1008, another one without a word. At most 10,000 and 400,000,000.
	MaxMessagesPerSecond, MaxBytesPerSecond int
	// MaxMessageSize bounds one message of a client, as MaxPackageSize does, but
	// leaves frames of the inner port alone, and closes a websocket with 1009.
	MaxMessageSize int
	// IdentifyTimeout is how long a client may be connected without that a worker
	// or GatewayClient has given it a uid, a session or a group. A websocket client
	// is then closed with 1008.
	IdentifyTimeout time.Duration
	// Origins are the pages whose websockets are accepted, by the header Origin that
	// browsers send: https://example.com, example.com, *.example.com (not
	// example.com itself), https://*.example.com, null; "*" is all that have the
	// header, "none" those that do not, as programs other than browsers. Other
	// requests get the status 403. Empty accepts all.
	Origins []string
	// UserTimeout, where the system has it (Linux), is how long bytes to a client may
	// wait for being confirmed before its connection ends: TCP_USER_TIMEOUT. It
	// also ends clients that are there, but read nothing for so long.
	UserTimeout time.Duration
	// InnerAllow are the networks whose connections the inner port accepts. Others
	// are closed before they say anything. Empty accepts all.
	InnerAllow []netip.Prefix
	// ConnectionIDStart is the connection id of the first client; 0 is 1, as in
	// PHP. With ids that go on where the process before can not have come, a client
	// id of before a restart is nobody's after it.
	ConnectionIDStart uint32

	// BinaryFrames sends websocket messages as binary frames (PHP:
	// $connection->websocketType = Websocket::BINARY_TYPE_ARRAYBUFFER).
	BinaryFrames bool

	// RefuseUnnegotiatedCompression ends the connection of a websocket client that
	// sends a compressed frame (RSV1) without having negotiated it, as RFC 6455
	// says. By default such messages are inflated, as in PHP, within a budget: what
	// they become beyond 32 times their size may be 256 KiB a second.
	RefuseUnnegotiatedCompression bool

	// Compression accepts permessage-deflate (RFC 7692) of websocket clients that offer
	// it, as browsers do. Messages to these are compressed then, if they are of
	// CompressionMinSize to CompressionMaxSize bytes and become shorter, and theirs
	// may be. Each message is compressed by itself, so that one for many clients is
	// compressed once, and a client costs no memory. What clients' messages inflate
	// to has the budget of RefuseUnnegotiatedCompression. Default off, as in PHP.
	Compression bool
	// CompressionLevel is from 1, the fastest, to 9. Default 5.
	CompressionLevel int
	// CompressionMinSize and CompressionMaxSize bound, in bytes, the messages that are
	// compressed. The default of the former is 256, of the latter 262,144: all
	// commands wait while one of them compresses.
	CompressionMinSize, CompressionMaxSize int

	// OnHandshake, if set, is asked about every websocket before the request is
	// answered and before a worker gets its event: 0 accepts the client, an HTTP
	// status from 400 to 599 refuses it. A refused client gets that status and an
	// empty body, and is closed; its worker, which got
	// CMD_ON_CONNECT before, gets CMD_ON_CLOSE.
	//
	// It runs in the goroutine that reads the client, which on Linux reads
	// thousands of others: look at the request, check a signature, and return
	// within microseconds. What needs a database or the network belongs in
	// ConnectHook. It is called by several goroutines at once; if
	// it panics, the client gets a 500. Only websocket clients make a handshake:
	// with another protocol it must be nil.
	OnHandshake func(*Handshake) (status int)

	// ConnectHook, if set, is asked about every websocket client before its request
	// is answered, behind Origins and OnHandshake: it lets the client in or refuses
	// it, and may set headers, uid, groups and session. It may take its time: the
	// client waits meanwhile, nobody else does. What the client sends behind its
	// request is handled after the answer; more than 16 KiB end the connection.
	//
	// Workers get CMD_ON_CONNECT when the client connects, as always, and
	// CMD_ON_WEBSOCKET_CONNECT when it is let in; of one that is not, CMD_ON_CLOSE
	// follows CMD_ON_CONNECT, as when it closes the connection itself.
	//
	// It is called by ConnectHookInFlight goroutines, and must return soon after ctx
	// ends: when the client goes, after ConnectHookTimeout, or at the end of the
	// gateway, which waits for it. An error means that it could not decide: the
	// client then gets a 503, or is let in with ConnectHookFailOpen. It may be asked
	// twice about one client when another process takes the gateway over. Only
	// websocket clients make a request: with other listeners alone it must be nil.
	ConnectHook ConnectHook
	// ConnectHookTimeout bounds one call of ConnectHook. Default 5 seconds. The time
	// that a client waits for a call counts towards HandshakeTimeout.
	ConnectHookTimeout time.Duration
	// ConnectHookInFlight bounds the calls at a time, ConnectHookQueue the clients
	// that wait for one; more get a 503. Default 64 and 10,000.
	ConnectHookInFlight, ConnectHookQueue int
	// ConnectHookFailOpen lets clients in when ConnectHook fails, as if there was
	// none. By default they are refused.
	ConnectHookFailOpen bool

	// WebsocketProtocols are the subprotocols that the gateway speaks: the answer to a
	// websocket request names the first one that the client offers
	// (Sec-WebSocket-Protocol) and that is here. Without one, and by default, it names
	// none, as PHP's gateway does unless $connection->headers says otherwise: a
	// browser that offers subprotocols, as in new WebSocket(url, ["chat"]), then
	// closes the connection.
	WebsocketProtocols []string

	// HandshakeData says which version's websocket handshake, and data of
	// onWebSocketConnect, workers expect. Default HandshakeData4.
	HandshakeData HandshakeData

	// OnBusinessWorkerConnected and OnBusinessWorkerClose, if set, are called when a
	// worker has connected and when its connection has ended. Commands and
	// events wait meanwhile: return soon, and do not call the gateway's Shutdown
	// or Close from there.
	OnBusinessWorkerConnected, OnBusinessWorkerClose func(BusinessWorker)

	// KeepMemory leaves it to Go's runtime when memory goes back to the system.
	// By default the gateway calls runtime.GC and debug.FreeOSMemory after most of
	// many clients have gone, after a rush of TLS handshakes, and when 32 MiB of
	// large buffers have been let go, which stops the whole program, its other parts
	// included, for some milliseconds.
	KeepMemory bool

	// Logger gets the log lines, with the fields role, worker_key, client_id and
	// remote. nil means Slog, and if that is nil, too, logrus.StandardLogger().
	Logger logrus.FieldLogger
	// Slog gets the log lines if Logger is nil.
	Slog *slog.Logger

	// portable serves everything with goroutines, as on systems without epoll.
	portable bool

	// These are the constants of their names when they are 0.
	authTimeout, trimInterval, lingerPortable time.Duration
}

// BusinessWorker says which worker a callback is about.
type BusinessWorker struct {
	Key    string // the worker key, ip:name:id
	Remote netip.AddrPort
}

// OptionError reports an option that cannot be used.
type OptionError = gatewayprotocol.OptionError

// minPackageSize leaves room for the frames with which workers connect.
const minPackageSize = 1024

// withDefaults returns o with every zero value replaced, or an *OptionError.
func (o Options) withDefaults() (Options, netip.Addr, error) {
	check := options.For("gateway")
	if o.LanIP == "" {
		o.LanIP = DefaultLanIP
	}
	lanIP, err := netip.ParseAddr(o.LanIP)
	switch {
	case err != nil || !lanIP.Is4():
		check.Refuse("LanIP", strconv.Quote(o.LanIP), "not an IPv4 address; set the one by which workers reach this host")
		return o, lanIP, check.Err()
	case lanIP.IsUnspecified():
		check.Refuse("LanIP", strconv.Quote(o.LanIP), "workers cannot connect to this address; to listen on all addresses set InnerListen")
	}
	check.Port("StartPort", &o.StartPort, DefaultStartPort)
	if o.InnerListen == "" {
		o.InnerListen = o.LanIP
		if isPublic(lanIP) {
			o.InnerListen = "0.0.0.0"
		}
	}
	if _, err := netip.ParseAddr(o.InnerListen); err != nil {
		check.Refuse("InnerListen", strconv.Quote(o.InnerListen), "not an IP address; 0.0.0.0 stands for all addresses")
	}
	if !o.NoRegister {
		check.Addresses("RegisterAddresses", &o.RegisterAddresses, DefaultRegisterAddress)
	} else if len(o.RegisterAddresses) > 0 {
		check.Refuse("NoRegister", o.NoRegister, "RegisterAddresses are set; leave out one of the two")
	}
	check.NotNegative("PingInterval", o.PingInterval)
	if o.PingNotResponseLimit < 0 {
		check.Refuse("PingNotResponseLimit", o.PingNotResponseLimit, "negative; use 0 for clients that may be silent for ever")
	}
	switch o.Router {
	case "":
		o.Router = RouterLeastConnections
	case RouterLeastConnections, RouterRandom:
	default:
		check.Refuse("Router", strconv.Quote(string(o.Router)), "use "+string(RouterLeastConnections)+" or "+string(RouterRandom))
	}
	switch o.HandshakeData {
	case 0:
		o.HandshakeData = HandshakeData4
	case HandshakeData3, HandshakeData4:
	default:
		check.Refuse("HandshakeData", strconv.Itoa(int(o.HandshakeData)), "use 3 (GatewayWorker 3.x, Workerman 3.5 and 4) or 4 (GatewayWorker 4 on Workerman 5)")
	}
	check.Int("SendToWorkerBufferSize", &o.SendToWorkerBufferSize, DefaultSendToWorkerBufferSize)
	check.Int("SendToClientBufferSize", &o.SendToClientBufferSize, DefaultSendToClientBufferSize)
	check.IntRange("MaxPackageSize", &o.MaxPackageSize, DefaultMaxPackageSize, minPackageSize, math.MaxInt32)
	o.HandshakeTimeout = cmp.Or(o.HandshakeTimeout, DefaultHandshakeTimeout)
	o.checkProxies(check)
	o.checkLimits(check)
	o.checkWebsocketProtocols(check)
	o.checkConnectHook(check)
	o.checkCompression(check)
	o.Logger = logging.Choose(o.Logger, o.Slog)
	return o, lanIP, check.Err()
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
