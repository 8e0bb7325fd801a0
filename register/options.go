package register

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/sirupsen/logrus"
)

const (
	defaultAuthTimeout    = 10 * time.Second
	defaultMaxQueue       = 1048576 // TcpConnection::$defaultMaxSendBufferSize
	defaultReconnectDelay = time.Second
	defaultPingInterval   = 25 * time.Second // PERSISTENCE_CONNECTION_PING_INTERVAL
	defaultDialTimeout    = 5 * time.Second
	defaultAnswerTimeout  = 5 * time.Second

	// farewellTimeout bounds how long the last line to a peer may take.
	farewellTimeout = 5 * time.Second
)

// Options configures a [Server]. The zero value is a Register without a key,
// with PHP's limits.
type Options struct {
	// SecretKey is what gateways and workers must send, exactly. "" is a key
	// like any other: a peer that sends a key is then refused.
	SecretKey string
	// Logger gets the log lines, with the fields role and remote. nil means
	// logrus.StandardLogger().
	Logger logrus.FieldLogger
	// AuthTimeout is how long a connection may take for its first whole line.
	// 0 means 10 s.
	AuthTimeout time.Duration
	// MaxLine is the length in bytes, "\n" included, that a line must stay
	// below. 0 means gatewayprotocol.MaxRegisterLine. Memory is taken as the
	// bytes arrive.
	MaxLine int
	// MaxQueue bounds the bytes of unsent lines for one worker: a line is
	// queued while less than this is waiting. 0 means 1,048,576.
	MaxQueue int
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = logrus.StandardLogger()
	}
	o.Logger = o.Logger.WithField("role", "register")
	setDefault(&o.AuthTimeout, defaultAuthTimeout)
	setDefault(&o.MaxLine, gatewayprotocol.MaxRegisterLine)
	setDefault(&o.MaxQueue, defaultMaxQueue)
	return o
}

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// ClientOptions configures an [Announcer], a [Watcher] or a [Lookup].
// Registers is required.
type ClientOptions struct {
	// Registers are the register addresses, host:port.
	Registers []string
	// SecretKey is the key that they share.
	SecretKey string
	// Logger gets the log lines, with the field register. nil means
	// logrus.StandardLogger().
	Logger logrus.FieldLogger
	// Dial opens the connections. nil means a net.Dialer.
	Dial DialFunc
	// DialTimeout bounds one attempt to connect and one write. 0 means 5 s.
	DialTimeout time.Duration
	// AnswerTimeout is how long a Lookup waits for the list. 0 means 5 s.
	AnswerTimeout time.Duration
	// ReconnectDelay is the pause between two attempts. 0 means 1 s.
	ReconnectDelay time.Duration
	// PingInterval is how often a Register whose address does not start with
	// 127.0.0.1 is pinged. 0 means 25 s.
	PingInterval time.Duration
}

func (o ClientOptions) withDefaults() ClientOptions {
	if o.Logger == nil {
		o.Logger = logrus.StandardLogger()
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	setDefault(&o.DialTimeout, defaultDialTimeout)
	setDefault(&o.AnswerTimeout, defaultAnswerTimeout)
	setDefault(&o.ReconnectDelay, defaultReconnectDelay)
	setDefault(&o.PingInterval, defaultPingInterval)
	return o
}

// dial connects to the Register at addr.
func (o *ClientOptions) dial(ctx context.Context, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.DialTimeout)
	defer cancel()
	return o.Dial(ctx, "tcp", addr)
}

// needsPing is PHP's test for a Register on another machine.
func needsPing(addr string) bool { return !strings.HasPrefix(addr, "127.0.0.1") }

func setDefault[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
