package innerclient

import (
	"context"
	"net"
	"time"

	"github.com/sirupsen/logrus"
)

// Options configures a [Pool]. Every field is required but SecretKey and
// SendNoWait: the packages above have the defaults. Their meaning is that of the
// fields of gatewayclient.Options.
type Options struct {
	SecretKey      string
	ConnectTimeout time.Duration
	QueryTimeout   time.Duration
	SendTimeout    time.Duration
	SendNoWait     bool
	IdleTimeout    time.Duration
	BufferSize     int // bytes that may wait for one gateway
	MaxReplySize   int // bytes
	MaxConnections int // to one gateway
	Dial           func(ctx context.Context, network, address string) (net.Conn, error)
	Logger         logrus.FieldLogger
}

// retryInterval is the time between attempts to reach a gateway that could not
// be reached.
const retryInterval = time.Second
