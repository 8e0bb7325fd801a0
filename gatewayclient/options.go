package gatewayclient

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
	"github.com/sirupsen/logrus"
)

// Defaults of [Options].
const (
	DefaultRegisterAddress         = "127.0.0.1:1236"
	DefaultConnectTimeout          = 3 * time.Second // Gateway::$connectTimeout
	DefaultQueryTimeout            = 5 * time.Second // as in Lib\Gateway::getBufferFromGateway
	DefaultSendTimeout             = 5 * time.Second
	DefaultIdleTimeout             = 50 * time.Second // as in Lib\Gateway::getGatewayConnection
	DefaultSendToGatewayBufferSize = 10_240_000       // BusinessWorker::$sendToGatewayBufferSize
	DefaultMaxReplySize            = 256 << 20
	DefaultMaxConnections          = 4
)

// OptionError reports an option that cannot be used.
type OptionError = gatewayprotocol.OptionError

// Options configures a [Client]. The zero value talks to the cluster of the
// Register on 127.0.0.1:1236 without a secret key. Zero means the default of each
// field; a negative value is an [*OptionError].
type Options struct {
	// RegisterAddresses are the cluster's Registers, "host:port". Empty means
	// 127.0.0.1:1236. Gateway::$registerAddress.
	RegisterAddresses []string

	// Gateways, if not nil, are the inner addresses ("ip:port") of all
	// gateways. No Register is asked then.
	Gateways []string

	// SecretKey is the cluster's secret key. Default none. Gateway::$secretKey.
	SecretKey string

	// ConnectTimeout bounds a connect to a gateway or a Register (0: 3 s).
	// Gateway::$connectTimeout.
	ConnectTimeout time.Duration

	// QueryTimeout bounds each question, and the wait for the first list of
	// gateways, besides the deadline of the call's context (0: 5 s).
	QueryTimeout time.Duration

	// SendTimeout is how long a command waits for room in the buffer of a
	// gateway that does not read, besides the deadline of its context, before it
	// fails with [ErrSendBufferFull] (0: 5 s).
	SendTimeout time.Duration

	// SendNoWait makes a command that finds no room fail at once.
	SendNoWait bool

	// IdleTimeout is how long an unused connection is kept (0: 50 s).
	IdleTimeout time.Duration

	// SendToGatewayBufferSize bounds the bytes that wait for one gateway
	// (0: 10,240,000). As in PHP the bound is looked at before a frame is added.
	SendToGatewayBufferSize int

	// MaxReplySize bounds the length of an answer in bytes (0: 256 MiB).
	MaxReplySize int

	// MaxConnections bounds the connections to one gateway (0: 4). One carries
	// all commands and most questions; the others are opened only for questions
	// while a long answer is under way.
	MaxConnections int

	// OnGatewayUp and OnGatewayDown, if not nil, are called for each gateway that
	// comes into the list that [Client.Gateways] returns, or leaves it, soon
	// after a Register has sent the list. One goroutine makes the calls, one
	// after the other; they may use the Client. A gateway that leaves and comes
	// back while a call runs causes no call. With Gateways set there are none.
	OnGatewayUp   func(GatewayAddress)
	OnGatewayDown func(GatewayAddress)

	// Dial opens connections to Registers and gateways. nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Logger gets a line for each lost connection and what was lost with it. nil
	// means Slog, and if that is nil, too, logrus.StandardLogger().
	Logger logrus.FieldLogger
	// Slog gets the log lines if Logger is nil.
	Slog *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	c := options.For("gatewayclient")
	c.Addresses("RegisterAddresses", &o.RegisterAddresses, DefaultRegisterAddress)
	for _, text := range o.Gateways {
		if _, err := gatewayprotocol.ParseGatewayAddress(text); err != nil {
			c.Refuse("Gateways", strconv.Quote(text), "not the inner address of a gateway; use an IPv4 address and a port, as in 127.0.0.1:2900")
		}
	}
	c.SecretKey(o.SecretKey)
	c.Duration("ConnectTimeout", &o.ConnectTimeout, DefaultConnectTimeout)
	c.Duration("QueryTimeout", &o.QueryTimeout, DefaultQueryTimeout)
	c.Duration("SendTimeout", &o.SendTimeout, DefaultSendTimeout)
	c.Duration("IdleTimeout", &o.IdleTimeout, DefaultIdleTimeout)
	c.Int("SendToGatewayBufferSize", &o.SendToGatewayBufferSize, DefaultSendToGatewayBufferSize)
	c.Int("MaxReplySize", &o.MaxReplySize, DefaultMaxReplySize)
	c.Int("MaxConnections", &o.MaxConnections, DefaultMaxConnections)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	o.Logger = logging.Choose(o.Logger, o.Slog).WithField("role", "gatewayclient")
	return o, c.Err()
}

// inner returns what concerns the connections.
func (o *Options) inner() innerclient.Options {
	return innerclient.Options{
		SecretKey:      o.SecretKey,
		ConnectTimeout: o.ConnectTimeout,
		QueryTimeout:   o.QueryTimeout,
		SendTimeout:    o.SendTimeout,
		SendNoWait:     o.SendNoWait,
		IdleTimeout:    o.IdleTimeout,
		BufferSize:     o.SendToGatewayBufferSize,
		MaxReplySize:   o.MaxReplySize,
		MaxConnections: o.MaxConnections,
		Dial:           o.Dial,
		Logger:         o.Logger,
	}
}
