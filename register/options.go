package register

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/keepalive"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
	"github.com/sirupsen/logrus"
)

// Defaults of [Options] and [ClientOptions].
const (
	DefaultRegisterAddress        = "127.0.0.1:1236"
	DefaultAuthTimeout            = 10 * time.Second
	DefaultMaxPackageSize         = 64 << 10
	DefaultSendToWorkerBufferSize = 1_048_576       // TcpConnection::$defaultMaxSendBufferSize
	DefaultConnectTimeout         = 3 * time.Second // Gateway::$connectTimeout of GatewayClient
	DefaultQueryTimeout           = 5 * time.Second
	DefaultReconnectDelay         = time.Second
	DefaultPingInterval           = 25 * time.Second // PERSISTENCE_CONNECTION_PING_INTERVAL
)

// farewellTimeout bounds how long the last line to a peer may take.
const farewellTimeout = 5 * time.Second

// OptionError reports an option that cannot be used.
type OptionError = gatewayprotocol.OptionError

// Options configures a [Server]. The zero value is a Register without a key,
// with PHP's limits. Zero means the default of each field; a negative value is
// an [*OptionError].
type Options struct {
	// SecretKey is what gateways and workers must send, exactly. "", the
	// default, is a key like any other: a peer that sends a key is then refused.
	// Register::$secretKey.
	SecretKey string

	// Allow are the networks whose connections are accepted. Others are closed
	// before they say anything. Empty accepts all.
	Allow []netip.Prefix

	// AuthTimeout is how long a connection may take until a line has said, with
	// the key, that it is a gateway or a worker (0: 10 s). PHP's Register takes
	// any line for that, a ping too.
	AuthTimeout time.Duration

	// MaxPackageSize is the length in bytes, "\n" included, that a line must
	// stay below (0: 65,536; PHP: TcpConnection::$defaultMaxPackageSize,
	// 10,485,760). Until a connection has given the key, 8,192 bytes and six for
	// each of SecretKey are the limit if that is less. A line is decoded as
	// JSON, which takes up to fifty times its length.
	MaxPackageSize int

	// SendToWorkerBufferSize bounds the bytes of lists that wait for one worker
	// which does not read them (0: 1,048,576,
	// TcpConnection::$defaultMaxSendBufferSize): a list is added while less than
	// this is waiting.
	SendToWorkerBufferSize int

	// Logger gets the log lines, with the fields role and remote. nil means
	// Slog, and if that is nil, too, logrus.StandardLogger().
	Logger logrus.FieldLogger
	// Slog gets the log lines if Logger is nil.
	Slog *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	c := options.For("register")
	o.Allow = slices.Clone(o.Allow)
	c.Networks("Allow", o.Allow)
	c.Duration("AuthTimeout", &o.AuthTimeout, DefaultAuthTimeout)
	c.Int("MaxPackageSize", &o.MaxPackageSize, DefaultMaxPackageSize)
	c.Int("SendToWorkerBufferSize", &o.SendToWorkerBufferSize, DefaultSendToWorkerBufferSize)
	o.Logger = logging.Choose(o.Logger, o.Slog).WithField("role", "register")
	return o, c.Err()
}

// firstLines is the limit of lines before the key.
func (o *Options) firstLines() int {
	return min(o.MaxPackageSize, gatewayprotocol.MaxBeforeKey(o.SecretKey))
}

// ClientOptions configures an [Announcer], a [Watcher] or a [Lookup]. The zero
// value speaks to the Register on 127.0.0.1:1236 without a secret key. Zero means
// the default of each field; a negative value is an [*OptionError].
type ClientOptions struct {
	// RegisterAddresses are the Registers, "host:port". Empty means
	// 127.0.0.1:1236.
	RegisterAddresses []string

	// SecretKey is the cluster's secret key. Default none.
	SecretKey string

	// ConnectTimeout bounds one attempt to connect, and one write (0: 3 s, as
	// in gatewayclient and businessworker).
	ConnectTimeout time.Duration

	// QueryTimeout is how long a Lookup, and [Watcher.Wait], wait for a list
	// (0: 5 s).
	QueryTimeout time.Duration

	// ReconnectDelay is the pause between two attempts to connect (0: 1 s).
	ReconnectDelay time.Duration

	// PingInterval is how often a Register whose address does not start with
	// 127.0.0.1 is pinged (0: 25 s).
	PingInterval time.Duration

	// Dial opens the connections. nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Logger gets the log lines, with the field register. nil means Slog, and if
	// that is nil, too, logrus.StandardLogger().
	Logger logrus.FieldLogger
	// Slog gets the log lines if Logger is nil.
	Slog *slog.Logger
}

func (o ClientOptions) withDefaults() (ClientOptions, error) {
	c := options.For("register")
	c.Addresses("RegisterAddresses", &o.RegisterAddresses, DefaultRegisterAddress)
	c.Duration("ConnectTimeout", &o.ConnectTimeout, DefaultConnectTimeout)
	c.Duration("QueryTimeout", &o.QueryTimeout, DefaultQueryTimeout)
	c.Duration("ReconnectDelay", &o.ReconnectDelay, DefaultReconnectDelay)
	c.Duration("PingInterval", &o.PingInterval, DefaultPingInterval)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	o.Logger = logging.Choose(o.Logger, o.Slog)
	return o, c.Err()
}

// dial connects to the Register at addr.
func (o *ClientOptions) dial(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
	defer cancel()
	nc, err := o.Dial(ctx, "tcp", addr)
	if err == nil {
		keepalive.Set(nc)
	}
	return nc, err
}

// needsPing is PHP's test for a Register on another machine.
func needsPing(addr string) bool { return !strings.HasPrefix(addr, "127.0.0.1") }
