package businessworker

import (
	"context"
	"net"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"github.com/sirupsen/logrus"
)

// Defaults of [Options].
const (
	DefaultName            = "none" // Worker::$name
	DefaultConcurrency     = 256
	DefaultQueueSize       = 16384
	DefaultQueueBytes      = 64 << 20
	DefaultShutdownTimeout = 30 * time.Second
	DefaultSendTimeout     = 5 * time.Second
)

// reconnectDelay is the time after which a gateway's connection is made again.
const reconnectDelay = time.Second

// Options configures a [Worker]. The zero value connects to the cluster of the
// Register on 127.0.0.1:1236 as the worker "none:0", without a secret key.
type Options struct {
	// Name and ID make the worker key "name:id", by which gateways know the
	// worker together with its IP address. Of two workers with the same key on
	// one machine a gateway drops the older one's connection, so they must
	// differ. BusinessWorker::$name; "" means "none".
	Name string
	ID   int

	// RegisterAddresses are the cluster's Registers, "host:port". Empty means
	// 127.0.0.1:1236. BusinessWorker::$registerAddress.
	RegisterAddresses []string

	// SecretKey is the cluster's secret key. BusinessWorker::$secretKey.
	SecretKey string

	// Concurrency bounds the number of handlers that run at the same time
	// (0: 256).
	Concurrency int

	// QueueSize bounds the number of events that were received and wait for a
	// handler (0: 16,384). When it is reached the worker stops reading from
	// gateways until there is room again; what they send meanwhile waits in
	// their buffers. See [Stats.Pauses].
	QueueSize int

	// QueueBytes bounds the same in bytes, sessions included (0: 64 MiB). An
	// event of any size is taken while less waits.
	QueueBytes int

	// SendToGatewayBufferSize bounds the bytes that wait for one gateway
	// (0: 10,240,000). BusinessWorker::$sendToGatewayBufferSize.
	SendToGatewayBufferSize int

	// SendTimeout is how long a command waits for room in that buffer, besides
	// the deadline of its context, before it fails with [ErrSendBufferFull]
	// (0: 5 s; negative: it does not wait).
	SendTimeout time.Duration

	// ConnectTimeout bounds a connect to a gateway (0: 3 s).
	ConnectTimeout time.Duration

	// QueryTimeout bounds each question to a gateway (0: 5 s).
	QueryTimeout time.Duration

	// ShutdownTimeout bounds the graceful stop when the context of
	// [Worker.Run] ends (0: 30 s).
	ShutdownTimeout time.Duration

	// Dial opens connections to Registers and gateways. nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Logger hears of connections, panics and errors, with the fields role,
	// worker_key, remote and client_id. nil means logrus.StandardLogger().
	Logger logrus.FieldLogger
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if len(o.RegisterAddresses) == 0 {
		o.RegisterAddresses = []string{gatewayclient.DefaultRegisterAddress}
	}
	def(&o.Concurrency, DefaultConcurrency)
	def(&o.QueueSize, DefaultQueueSize)
	def(&o.QueueBytes, DefaultQueueBytes)
	def(&o.SendToGatewayBufferSize, innerconn.DefaultLimit)
	if o.SendTimeout == 0 {
		o.SendTimeout = DefaultSendTimeout
	}
	def(&o.ConnectTimeout, gatewayclient.DefaultConnectTimeout)
	def(&o.QueryTimeout, gatewayclient.DefaultQueryTimeout)
	def(&o.ShutdownTimeout, DefaultShutdownTimeout)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Logger == nil {
		o.Logger = logrus.StandardLogger()
	}
	return o
}

func def[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}
