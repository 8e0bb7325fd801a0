package gatewayclient

import (
	"context"
	"net"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
	"github.com/sirupsen/logrus"
)

// Defaults of [Options].
const (
	DefaultRegisterAddress = "127.0.0.1:1236"
	DefaultConnectTimeout  = 3 * time.Second // Gateway::$connectTimeout
	DefaultQueryTimeout    = 5 * time.Second // as in Lib\Gateway::getBufferFromGateway
	DefaultSendTimeout     = 5 * time.Second
	DefaultIdleTimeout     = 50 * time.Second // as in Lib\Gateway::getGatewayConnection
	DefaultSendBufferSize  = 10_240_000
	DefaultMaxReplySize    = 256 << 20
	DefaultMaxConnections  = 4
)

// Options configures a [Client]. The zero value talks to the cluster of the
// Register on 127.0.0.1:1236 without a secret key.
type Options struct {
	// RegisterAddresses are the cluster's Registers, "host:port". Empty means
	// 127.0.0.1:1236. Gateway::$registerAddress.
	RegisterAddresses []string

	// Gateways, if not nil, are the inner addresses ("ip:port") of all
	// gateways. No Register is asked then.
	Gateways []string

	// SecretKey is the cluster's secret key. Gateway::$secretKey.
	SecretKey string

	// ConnectTimeout bounds a connect to a gateway (0: 3 s).
	// Gateway::$connectTimeout.
	ConnectTimeout time.Duration

	// QueryTimeout bounds each question, besides the deadline of its context
	// (0: 5 s).
	QueryTimeout time.Duration

	// SendTimeout is how long a command waits for room in the buffer of a
	// gateway that does not read, besides the deadline of its context, before it
	// fails with [ErrSendBufferFull] (0: 5 s; negative: it does not wait).
	SendTimeout time.Duration

	// IdleTimeout is how long a connection is kept that nobody uses (0: 50 s).
	IdleTimeout time.Duration

	// SendBufferSize bounds the bytes that wait for one gateway (0: 10,240,000).
	SendBufferSize int

	// MaxReplySize bounds the length of an answer in bytes (0: 256 MiB).
	MaxReplySize int

	// MaxConnections bounds the connections to one gateway (0: 4). One carries
	// all commands and most questions; the others are opened only for questions
	// while a long answer is under way.
	MaxConnections int

	// Dial opens connections to gateways. nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Logger hears of lost connections and of what was lost with them.
	// nil means logrus.StandardLogger().
	Logger logrus.FieldLogger
}

func (o Options) withDefaults() Options {
	if len(o.RegisterAddresses) == 0 {
		o.RegisterAddresses = []string{DefaultRegisterAddress}
	}
	setDuration := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	setDuration(&o.ConnectTimeout, DefaultConnectTimeout)
	setDuration(&o.QueryTimeout, DefaultQueryTimeout)
	setDuration(&o.SendTimeout, DefaultSendTimeout)
	setDuration(&o.IdleTimeout, DefaultIdleTimeout)
	setInt := func(n *int, def int) {
		if *n <= 0 {
			*n = def
		}
	}
	setInt(&o.SendBufferSize, DefaultSendBufferSize)
	setInt(&o.MaxReplySize, DefaultMaxReplySize)
	setInt(&o.MaxConnections, DefaultMaxConnections)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Logger == nil {
		o.Logger = logrus.StandardLogger()
	}
	return o
}

// inner returns what concerns the connections.
func (o *Options) inner() innerclient.Options {
	return innerclient.Options{
		SecretKey:      o.SecretKey,
		ConnectTimeout: o.ConnectTimeout,
		QueryTimeout:   o.QueryTimeout,
		SendTimeout:    o.SendTimeout,
		SendNoWait:     o.SendTimeout < 0,
		IdleTimeout:    o.IdleTimeout,
		BufferSize:     o.SendBufferSize,
		MaxReplySize:   o.MaxReplySize,
		MaxConnections: o.MaxConnections,
		Dial:           o.Dial,
		Logger:         o.Logger,
	}
}
