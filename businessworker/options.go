package businessworker

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"time"
	"unicode/utf8"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
	"github.com/go-gatewayworker/gatewayworker/internal/options"
	"github.com/sirupsen/logrus"
)

// Defaults of [Options].
const (
	DefaultName                    = "none" // Worker::$name
	DefaultRegisterAddress         = "127.0.0.1:1236"
	DefaultConcurrency             = 256
	DefaultQueueSize               = 16384
	DefaultQueueBytes              = 64 << 20
	DefaultSendToGatewayBufferSize = 10_240_000 // BusinessWorker::$sendToGatewayBufferSize
	DefaultSendTimeout             = 5 * time.Second
	DefaultConnectTimeout          = 3 * time.Second
	DefaultQueryTimeout            = 5 * time.Second
	DefaultShutdownTimeout         = 8 * time.Second
)

// reconnectDelay is the time after which a gateway's connection is made again.
const reconnectDelay = time.Second

// OptionError reports an option that cannot be used.
type OptionError = gatewayprotocol.OptionError

// Options configures a [Worker]. The zero value connects to the cluster of the
// Register on 127.0.0.1:1236 as a worker named "none", without a secret key. Zero
// means the default of each field; a negative value is an [*OptionError].
type Options struct {
	// Name is what workers that run the same program share; it is the first part
	// of the worker key "name:id" ("": "none"). It must be UTF-8.
	// BusinessWorker::$name.
	Name string

	// ID is the second part of the worker key (0: a random number, another one
	// for each Worker). A gateway knows a worker by its IP address and worker key,
	// and drops the older of two connections with the same, so IDs that a program
	// sets must differ among the workers of one name on one machine. PHP numbers
	// the processes of a worker from 0: $worker->id.
	ID int

	// RegisterAddresses are the cluster's Registers, "host:port" (empty:
	// 127.0.0.1:1236). BusinessWorker::$registerAddress.
	RegisterAddresses []string

	// SecretKey is the cluster's secret key. Default none. It must be UTF-8.
	// BusinessWorker::$secretKey.
	SecretKey string

	// Concurrency is the number of handlers that may run at the same time
	// (0: 256).
	Concurrency int

	// QueueSize is the number of events that may wait for a handler, those
	// included that are being handled (0: 16,384). When it is reached the worker
	// stops reading from gateways until a quarter of it is free again; what they
	// send meanwhile waits in their buffers. See [Stats.Pauses].
	QueueSize int

	// QueueBytes bounds the same in bytes, sessions included (0: 67,108,864). An
	// event of any size is taken while less is waiting.
	QueueBytes int

	// SendToGatewayBufferSize is the number of bytes that may wait for one
	// gateway (0: 10,240,000). A command of any size is taken while less is
	// waiting. BusinessWorker::$sendToGatewayBufferSize.
	SendToGatewayBufferSize int

	// SendTimeout is how long a command waits for room in that buffer, besides
	// the deadline of its context, before it fails with [ErrSendBufferFull]
	// (0: 5 s).
	SendTimeout time.Duration

	// SendNoWait makes such a command fail at once.
	SendNoWait bool

	// ConnectTimeout bounds one attempt to connect to a gateway (0: 3 s).
	ConnectTimeout time.Duration

	// QueryTimeout bounds each question to a gateway, besides the deadline of its
	// context (0: 5 s).
	QueryTimeout time.Duration

	// ShutdownTimeout bounds the graceful stop when the context of [Worker.Run]
	// ends (0: 8 s). One second more is for OnStop if the time does not suffice:
	// the default is less than the 10 s after which Docker kills.
	ShutdownTimeout time.Duration

	// Dial opens connections to Registers and gateways. nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Logger gets the log lines, about connections, panics and errors of
	// handlers, with the fields role, worker_key, remote and client_id. nil means
	// Slog, and if that is nil, too, logrus.StandardLogger().
	Logger logrus.FieldLogger
	// Slog gets the log lines if Logger is nil.
	Slog *slog.Logger
}

func (o Options) withDefaults() (Options, error) {
	c := options.For("businessworker")
	if o.Name == "" {
		o.Name = DefaultName
	}
	if !utf8.ValidString(o.Name) {
		c.Refuse("Name", fmt.Sprintf("%q", o.Name), "not UTF-8; the worker key is sent as JSON")
	}
	c.SecretKey(o.SecretKey)
	switch {
	case o.ID == 0:
		o.ID = 1 + rand.IntN(math.MaxInt32)
	case o.ID < 0:
		c.Refuse("ID", o.ID, "negative; use 0 for a random number, or a positive one")
	}
	c.Addresses("RegisterAddresses", &o.RegisterAddresses, DefaultRegisterAddress)
	c.Int("Concurrency", &o.Concurrency, DefaultConcurrency)
	c.Int("QueueSize", &o.QueueSize, DefaultQueueSize)
	c.Int("QueueBytes", &o.QueueBytes, DefaultQueueBytes)
	c.Int("SendToGatewayBufferSize", &o.SendToGatewayBufferSize, DefaultSendToGatewayBufferSize)
	c.Duration("SendTimeout", &o.SendTimeout, DefaultSendTimeout)
	c.Duration("ConnectTimeout", &o.ConnectTimeout, DefaultConnectTimeout)
	c.Duration("QueryTimeout", &o.QueryTimeout, DefaultQueryTimeout)
	c.Duration("ShutdownTimeout", &o.ShutdownTimeout, DefaultShutdownTimeout)
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	o.Logger = logging.Choose(o.Logger, o.Slog)
	return o, c.Err()
}

func (o *Options) workerKey() string { return fmt.Sprintf("%s:%d", o.Name, o.ID) }
