package gatewayclient

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/innerclient"
)

// ClientID names one client connection; see [gatewayprotocol.ClientID].
type ClientID = gatewayprotocol.ClientID

// GatewayAddress is the inner address of a gateway.
type GatewayAddress = gatewayprotocol.GatewayAddress

// ParseClientID parses the 20 hex digits of a client id.
func ParseClientID(s string) (ClientID, error) { return gatewayprotocol.ParseClientID(s) }

// A Client talks to all gateways of one cluster. Its methods may be called from
// several goroutines.
type Client struct {
	transport innerclient.Transport
}

func init() {
	innerclient.NewClient = func(t innerclient.Transport) any { return &Client{transport: t} }
}

// New returns a Client. It connects in the background; the first call waits for
// Register's list as long as its context allows. New fails with an
// [*OptionError].
func New(opts Options) (*Client, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	pool, err := innerclient.NewPool(opts.inner())
	if err != nil {
		return nil, err
	}
	t := &clusterTransport{Pool: pool}
	if opts.Gateways != nil {
		t.dir = newFixedDirectory(opts.Gateways)
	} else if t.dir, err = newRegisterDirectory(opts, pool.Retry); err != nil {
		return nil, err
	}
	return &Client{transport: t}, nil
}

// Close closes the client's connections. Commands that were not sent yet are
// lost; see [Client.Drain].
func (c *Client) Close() error { return c.transport.Close() }

// Drain is Close without losing commands: it waits until every gateway that can
// be reached has executed all commands sent before, and then closes the Client.
// When ctx ends first it closes the Client, too. Its error says what may be lost.
func (c *Client) Drain(ctx context.Context) error {
	err := c.Sync(ctx)
	var none *RegisterError
	if errors.Is(err, ErrNoGateways) || errors.As(err, &none) {
		err = nil // no gateway, so no command
	}
	return errors.Join(err, c.Close())
}

// Stats are the numbers of a [Client], for monitoring.
type Stats struct {
	Gateways    int    // connected to now
	Connections int    // to gateways, now
	Buffered    int    // bytes that wait to be sent to gateways
	Waiting     int    // questions that wait for their answers
	Commands    uint64 // handed to a connection, since the start
	Questions   uint64 // asked
	Refused     uint64 // commands and questions that failed with ErrSendBufferFull
	Lost        uint64 // bytes that were not sent when their connection ended
}

// Stats returns the current numbers.
func (c *Client) Stats() Stats { return Stats(c.transport.Stats()) }

// Gateways returns the inner addresses of all gateways, in the order in which
// Register names them.
func (c *Client) Gateways(ctx context.Context) ([]GatewayAddress, error) {
	addrs, err := c.transport.Gateways(ctx)
	return slices.Clone(addrs), err
}

// gateways is Gateways, but an empty list is an error as in PHP.
// The slice is shared.
func (c *Client) gateways(ctx context.Context) ([]GatewayAddress, error) {
	addrs, err := c.transport.Gateways(ctx)
	if err == nil && len(addrs) == 0 {
		err = ErrNoGateways
	}
	return addrs, err
}

func (c *Client) send(ctx context.Context, to GatewayAddress, m gatewayprotocol.Message) error {
	done, err := c.transport.TrySend(ctx, to, m)
	if !done {
		err = c.transport.Send(ctx, to, m)
	}
	if err != nil {
		return &GatewayError{Gateway: to, Cmd: m.Cmd, Err: err}
	}
	return nil
}

// sendTo sends a command about one client, without a body.
func (c *Client) sendTo(ctx context.Context, id ClientID, cmd gatewayprotocol.Command, ext []byte) error {
	return c.send(ctx, id.Gateway(), command(cmd, id, ext))
}

// command is a frame with an empty body, as the libraries send it: only the
// connection id of the client is filled in.
func command(cmd gatewayprotocol.Command, id ClientID, ext []byte) gatewayprotocol.Message {
	return gatewayprotocol.Message{
		Cmd:          cmd,
		ConnectionID: id.ConnectionID,
		Flag:         gatewayprotocol.FlagBodyIsScalar,
		ExtData:      ext,
	}
}

// broadcast sends the command to every gateway. build, if not nil, changes it
// for one of them. A gateway that has to be waited for does not hold up the
// others.
func (c *Client) broadcast(ctx context.Context, m gatewayprotocol.Message, build func(GatewayAddress, *gatewayprotocol.Message)) error {
	addrs, err := c.gateways(ctx)
	if err != nil {
		return err
	}
	errs := c.sendEach(ctx, addrs, func(addr GatewayAddress) gatewayprotocol.Message {
		m := m
		if build != nil {
			build(addr, &m)
		}
		return m
	})
	return errors.Join(withoutGone(errs)...)
}

// withoutGone takes out the errors of gateways that have just left the cluster:
// what is for all gateways does not miss them.
func withoutGone(errs []error) []error {
	return slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, ErrUnknownGateway) })
}

func (c *Client) sendEach(ctx context.Context, addrs []GatewayAddress, frame func(GatewayAddress) gatewayprotocol.Message) []error {
	var (
		errs []error
		slow []GatewayAddress
	)
	for _, addr := range addrs {
		m := frame(addr)
		done, err := c.transport.TrySend(ctx, addr, m)
		switch {
		case !done:
			slow = append(slow, addr)
		case err != nil:
			errs = append(errs, &GatewayError{Gateway: addr, Cmd: m.Cmd, Err: err})
		}
	}
	if len(slow) > 0 {
		late := make([]error, len(slow))
		each(len(slow), func(i int) {
			m := frame(slow[i])
			if err := c.transport.Send(ctx, slow[i], m); err != nil {
				late[i] = &GatewayError{Gateway: slow[i], Cmd: m.Cmd, Err: err}
			}
		})
		errs = append(errs, late...)
	}
	return errs
}

// each calls f(0) … f(n-1), all at once, and waits for them.
func each(n int, f func(i int)) {
	if n == 0 {
		return
	}
	var wg sync.WaitGroup
	for i := range n - 1 {
		wg.Go(func() { f(i + 1) })
	}
	f(0)
	wg.Wait()
}

// An answer is what one gateway replied.
type answer struct {
	gateway GatewayAddress
	payload []byte
}

// id returns the id of a client of the gateway that answered.
func (a *answer) id(connectionID uint32) ClientID {
	return ClientID{LocalIP: a.gateway.IP, LocalPort: a.gateway.Port, ConnectionID: connectionID}
}

func (c *Client) query(ctx context.Context, to GatewayAddress, m gatewayprotocol.Message) (answer, error) {
	payload, err := c.transport.Query(ctx, to, m)
	if err != nil {
		err = &GatewayError{Gateway: to, Cmd: m.Cmd, Err: err}
	}
	return answer{to, payload}, err
}

// queryAll asks every gateway and hands the answers to read, in the gateways'
// order. What goes wrong with one gateway is joined to the error and does not
// stop the others.
func (c *Client) queryAll(ctx context.Context, m gatewayprotocol.Message, read func(answer) error) error {
	addrs, err := c.gateways(ctx)
	if err != nil {
		return err
	}
	return c.queryEach(ctx, addrs, func(GatewayAddress) gatewayprotocol.Message { return m }, read)
}

func (c *Client) queryEach(ctx context.Context, addrs []GatewayAddress, frame func(GatewayAddress) gatewayprotocol.Message, read func(answer) error) error {
	answers := make([]answer, len(addrs))
	errs := make([]error, len(addrs))
	each(len(addrs), func(i int) {
		answers[i], errs[i] = c.query(ctx, addrs[i], frame(addrs[i]))
	})
	for i, a := range answers {
		if errs[i] != nil {
			continue
		}
		if err := read(a); err != nil {
			errs[i] = &GatewayError{Gateway: a.gateway, Cmd: frame(a.gateway).Cmd, Err: err}
		}
	}
	return errors.Join(withoutGone(errs)...)
}

// Sync waits until every gateway that can be reached has executed all commands
// sent before by this Client. Commands need no Sync to take effect, and a
// question never overtakes a command; Sync is for a program that must know that
// its commands took effect before it notifies another program.
//
// Where a connection has ended since the last Sync with commands that the gateway
// had not confirmed by an answer, the error holds an [*UnconfirmedError]: they may
// be lost. Of several goroutines that call Sync one gets it.
func (c *Client) Sync(ctx context.Context) error {
	// Connection ids start at 1, so this asks about no client.
	errs := []error{c.queryAll(ctx, command(gatewayprotocol.CmdIsOnline, ClientID{}, nil), func(answer) error { return nil })}
	for gateway, count := range c.transport.TakeUnconfirmed() {
		errs = append(errs, &UnconfirmedError{gateway, count})
	}
	return errors.Join(errs...)
}

// GatewayLatency is the time that a gateway took to answer.
type GatewayLatency struct {
	Gateway GatewayAddress
	RTT     time.Duration
}

// Ping measures the time that each gateway takes to answer a question.
func (c *Client) Ping(ctx context.Context) ([]GatewayLatency, error) {
	addrs, err := c.gateways(ctx)
	if err != nil {
		return nil, err
	}
	rtt := make([]time.Duration, len(addrs))
	errs := make([]error, len(addrs))
	each(len(addrs), func(i int) {
		start := time.Now()
		_, errs[i] = c.query(ctx, addrs[i], command(gatewayprotocol.CmdIsOnline, ClientID{}, nil))
		rtt[i] = time.Since(start)
	})
	out := make([]GatewayLatency, 0, len(addrs))
	for i, addr := range addrs {
		if errs[i] == nil {
			out = append(out, GatewayLatency{addr, rtt[i]})
		}
	}
	return out, errors.Join(errs...)
}
