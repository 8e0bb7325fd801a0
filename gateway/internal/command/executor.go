package command

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Clients is what commands do to clients beyond the hub's tables.
type Clients interface {
	// Deliver queues body for each client, once for each time it is in to. raw
	// says that the body goes on the socket as it is. body and to are used again
	// afterwards.
	Deliver(to []*hub.Client, body []byte, raw bool)
	// Kick sends body, if send, and closes the client when all was sent. body is
	// used again afterwards.
	Kick(c *hub.Client, body []byte, send bool)
	// Destroy closes the client at once and takes it out of the hub.
	Destroy(c *hub.Client)
}

// Caller is who sent a frame: an inner connection, or the program that the
// gateway runs in.
type Caller interface {
	// Authorized reports whether the caller may command anything yet.
	Authorized() bool
	// Connected says that the caller gave the right key. workerKey is what a
	// business worker calls itself, without its address; worker is false for a
	// GatewayClient. From now on Authorized must be true.
	Connected(worker bool, workerKey string)
	// Ended reports whether no more frames of the caller are to be executed.
	Ended() bool
	// Reply answers a query. payload is used again afterwards.
	Reply(payload []byte)
	// Refuse says that a frame had no effect, and why. m is used again
	// afterwards.
	Refuse(m *gatewayprotocol.Message, err error)
	// Close ends the caller because of err. Ended must be true from now on.
	Close(err error)
}

// Options configure an [Executor].
type Options struct {
	SecretKey      string // "" is a key like any other
	Websocket      bool   // clients speak websocket: arrays go out as JSON
	MaxPackageSize int    // longest frame in bytes; 0 is gatewayprotocol.MaxPackageSize
	MaxReply       int    // longer replies are refused with a *ReplyTooLongError; 0 is 2^28 bytes
}

// Executor executes frames on a hub. It is used by one goroutine at a time.
type Executor struct {
	hub  *hub.Hub
	to   Clients
	opts Options
	msg  gatewayprotocol.Message // the frame at hand

	pending pending // see Tell
	refused uint64

	// Memory that is used again; see trim.
	recipients []*hub.Client
	out        []byte // reply
	body       []byte
	toAll      gatewayprotocol.SendToAll
	toGroup    gatewayprotocol.SendToGroup
	names      [][]byte
	extLen     int // longest ext_data that toAll, toGroup and names were read from
}

// recipientsBatch is the number of recipients from which on those found so far
// are served before more are looked for. It bounds the memory that a list with
// repeated names can take.
const recipientsBatch = 1 << 14

var (
	errUnauthorized   = errors.New("gateway: no secret key was given yet")
	errSecretKey      = errors.New("gateway: the secret key does not match")
	errConnectTooLong = errors.New("gateway: the connect command is too long")
	errUnknownCommand = errors.New("gateway: a gateway does not know this command")
)

// ReplyTooLongError reports a query whose answer would be too long.
type ReplyTooLongError struct{ Limit int }

func (e *ReplyTooLongError) Error() string {
	return fmt.Sprintf("gateway: the reply would be longer than %d bytes", e.Limit)
}

// New returns what executes frames on h, and tells to what becomes of clients.
func New(h *hub.Hub, to Clients, opts Options) *Executor {
	if opts.MaxPackageSize == 0 {
		opts.MaxPackageSize = gatewayprotocol.MaxPackageSize
	}
	if opts.MaxReply == 0 {
		opts.MaxReply = 1 << 28
	}
	return &Executor{hub: h, to: to, opts: opts}
}

// ExecuteAll executes the whole frames at the start of p, which came from a
// caller, and returns the rest. It stops in front of a query that does not start
// within the first upTo bytes, and then reports it as waiting.
func (x *Executor) ExecuteAll(from Caller, p []byte, upTo int) (rest []byte, waiting bool) {
	defer func() { x.msg = gatewayprotocol.Message{} }() // it refers to p
	for at := 0; len(p) > 0; {
		if err := x.judge(from, p); err != nil {
			from.Close(err)
			return nil, false
		}
		n, err := gatewayprotocol.DecodeMessage(p, &x.msg, x.opts.MaxPackageSize)
		if err != nil {
			from.Close(err)
			return nil, false
		}
		if n == 0 {
			break
		}
		if at >= upTo && x.msg.Cmd.IsQuery() {
			return p, true
		}
		x.Execute(from, &x.msg)
		if from.Ended() {
			return nil, false
		}
		p, at = p[n:], at+n
	}
	return p, false
}

// judge refuses, from its head, a frame that a caller without the key cannot
// send, and a connect command that is longer than those of any worker: no memory
// is kept for the rest of it, and no time goes into its JSON. All others wait for
// that where there is no key too.
func (x *Executor) judge(from Caller, p []byte) error {
	if len(p) < gatewayprotocol.HeadLen {
		return nil
	}
	length := binary.BigEndian.Uint32(p)
	switch cmd := gatewayprotocol.Command(p[4]); {
	case length < gatewayprotocol.HeadLen:
		return nil // DecodeMessage knows what PHP makes of it
	case isConnect(cmd):
		if limit := gatewayprotocol.MaxBeforeKey(x.opts.SecretKey); int64(length) > int64(limit) {
			return fmt.Errorf("%w: %d bytes, at most %d", errConnectTooLong, length, limit)
		}
	case !from.Authorized():
		return fmt.Errorf("%w: %v", errUnauthorized, cmd)
	}
	return nil
}

func isConnect(cmd gatewayprotocol.Command) bool {
	return cmd == gatewayprotocol.CmdWorkerConnect || cmd == gatewayprotocol.CmdGatewayClientConnect
}

// Execute executes one frame of a caller.
func (x *Executor) Execute(from Caller, m *gatewayprotocol.Message) {
	if !isConnect(m.Cmd) && !from.Authorized() {
		from.Close(fmt.Errorf("%w: %v", errUnauthorized, m.Cmd))
		return
	}
	x.pending.add(m.Cmd)
	if err := x.run(from, m); err != nil {
		x.refused++
		from.Refuse(m, err)
	}
	x.extLen = max(x.extLen, len(m.ExtData))
	x.trim(keep)
}

func (x *Executor) run(from Caller, m *gatewayprotocol.Message) error {
	switch m.Cmd {
	case gatewayprotocol.CmdWorkerConnect, gatewayprotocol.CmdGatewayClientConnect:
		return x.connect(from, m)
	case gatewayprotocol.CmdPing:
		return nil

	case gatewayprotocol.CmdSendToOne:
		return x.sendToOne(m)
	case gatewayprotocol.CmdSendToAll:
		return x.sendToAll(m)
	case gatewayprotocol.CmdSendToUID:
		return x.sendToUID(m)
	case gatewayprotocol.CmdSendToGroup:
		return x.sendToGroup(m)
	case gatewayprotocol.CmdKick:
		return x.kick(m)
	case gatewayprotocol.CmdDestroy:
		return x.destroy(m)

	case gatewayprotocol.CmdBindUID:
		return x.bindUID(m)
	case gatewayprotocol.CmdUnbindUID:
		return x.unbindUID(m)
	case gatewayprotocol.CmdGetClientIDByUID:
		return x.getClientIDByUID(from, m)
	case gatewayprotocol.CmdBatchGetClientIDByUID:
		return x.batchGetClientIDByUID(from, m)

	case gatewayprotocol.CmdJoinGroup:
		return x.joinGroup(m)
	case gatewayprotocol.CmdLeaveGroup:
		return x.leaveGroup(m)
	case gatewayprotocol.CmdUngroup:
		return x.ungroup(m)
	case gatewayprotocol.CmdGetClientCountByGroup:
		return x.getClientCountByGroup(from, m)
	case gatewayprotocol.CmdBatchGetClientCountByGroup:
		return x.batchGetClientCountByGroup(from, m)
	case gatewayprotocol.CmdGetGroupIDList:
		return x.getGroupIDList(from)

	case gatewayprotocol.CmdSetSession:
		return x.setSession(m)
	case gatewayprotocol.CmdUpdateSession:
		return x.updateSession(m)
	case gatewayprotocol.CmdGetSessionByClientID:
		return x.getSessionByClientID(from, m)
	case gatewayprotocol.CmdGetAllClientSessions:
		return x.getAllClientSessions(from)
	case gatewayprotocol.CmdGetClientSessionsByGroup:
		return x.getClientSessionsByGroup(from, m)

	case gatewayprotocol.CmdIsOnline:
		return x.isOnline(from, m)
	case gatewayprotocol.CmdSelect:
		return x.selectClients(from, m)
	}
	return errUnknownCommand
}
