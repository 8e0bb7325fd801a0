package commandtest

import (
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Conversation is what an inner connection says to a gateway and what comes of
// it, equal for PHP's gateway and for ours.
type Conversation struct {
	Name      string
	Websocket bool // clients speak websocket, else text
	SecretKey string
	Steps     []Step
	Received  map[uint32]string // the bytes each client is sent, by connection id
}

// Step is one thing that happens. Connection ids count from 1.
type Step struct {
	Connect    bool   // a client connects
	Disconnect uint32 // this client hangs up

	M gatewayprotocol.Message // this frame comes

	Reply   string // the answer to a query
	Refused bool   // ours logs the frame, both do nothing
	Kills   bool   // PHP's gateway dies, ours logs the frame and does nothing
	Closes  bool   // the inner connection is closed
	Worker  string // what the worker that connected calls itself
}

const scalar = gatewayprotocol.FlagBodyIsScalar

func connects(n int) (steps []Step) {
	for range n {
		steps = append(steps, Step{Connect: true})
	}
	return steps
}

func hangsUp(id uint32) Step { return Step{Disconnect: id} }

// Does is a command about a client with ext_data.
func Does(cmd gatewayprotocol.Command, id uint32, ext string) Step {
	return Step{M: gatewayprotocol.Message{Cmd: cmd, ConnectionID: id, ExtData: []byte(ext), Flag: scalar}}
}

// Sends is a command with a body.
func Sends(cmd gatewayprotocol.Command, id uint32, ext, body string, flag gatewayprotocol.Flag) Step {
	return Step{M: gatewayprotocol.Message{Cmd: cmd, ConnectionID: id, ExtData: []byte(ext), Body: []byte(body), Flag: flag}}
}

// Asks is a query with the answer to it.
func Asks(cmd gatewayprotocol.Command, id uint32, ext, reply string) Step {
	s := Does(cmd, id, ext)
	s.Reply = reply
	return s
}

func (s Step) isRefused() Step { s.Refused = true; return s }

// KillsPHP says that PHP's gateway does not survive the step.
func (s Step) KillsPHP() Step { s.Kills = true; return s }

func script(parts ...any) (steps []Step) {
	for _, p := range parts {
		switch p := p.(type) {
		case Step:
			steps = append(steps, p)
		case []Step:
			steps = append(steps, p...)
		default:
			panic(fmt.Sprintf("script: %T", p))
		}
	}
	return steps
}

// Scheme returns the protocol of the clients.
func (c *Conversation) Scheme() string {
	if c.Websocket {
		return "websocket"
	}
	return "text"
}
