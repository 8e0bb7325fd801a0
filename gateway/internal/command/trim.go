package command

import "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"

// limits are the sizes up to which memory is kept for the next command.
type limits struct{ bytes, recipients, ext int }

// keep is what is kept from command to command.
var keep = limits{bytes: 4 << 20, recipients: 1 << 17, ext: 1 << 18}

// Trim lets go of the memory that is kept from command to command.
func (x *Executor) Trim() { x.trim(limits{}) }

// trim lets go of what has become larger than l.
func (x *Executor) trim(l limits) {
	if cap(x.out) > l.bytes {
		x.out = nil
	}
	if cap(x.body) > l.bytes {
		x.body = nil
	}
	if cap(x.recipients) > l.recipients {
		x.recipients = nil
	}
	if x.extLen > l.ext {
		x.toAll = gatewayprotocol.SendToAll{}
		x.toGroup = gatewayprotocol.SendToGroup{}
		x.names = nil
		x.extLen = 0
	}
}
