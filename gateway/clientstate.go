package gateway

// clientState is a set of facts about a client.
type clientState uint16

const (
	clientReady     clientState = 1 << iota // messages may go out: handshake done, or none needed
	clientDirty                             // the inner loop's batch will flush it
	clientWriting                           // a goroutine is writing, outside mu
	clientBlocked                           // the kernel takes no more, or the TLS handshake is not done; waiting until it does, or is
	clientClosing                           // closes when out is empty; nothing more is read or queued
	clientClosed                            // gone: out of the hub, socket closed
	clientCounted                           // among the clients of its address, which is then remoteAddr
	clientPaused                            // not read for a moment: it has taken more than its share; see shares
	clientHeld                              // its request waits for ConnectHook; nothing is read
	clientInflating                         // its message is inflated by another goroutine; nothing is read
)

func (s clientState) any(f clientState) bool { return s&f != 0 }

// Bits of client.flags.
const (
	flagEnded    = 1 << iota // clientClosing or clientClosed: for the reader
	flagDeflates             // has negotiated compression, and has its 101: for the inner loop
)

// flagEncoding is the lowest bit of the listener's encoding, which is asked for each
// client that a message is for: here it is beside mu, which is locked next.
const flagEncoding = 8

// cameBy sets the client's listener, at first.
func (c *client) cameBy(l *clientListener) {
	c.listener = l
	c.flags.Or(uint32(l.encoding) << flagEncoding)
}

// form is that in which the client gets messages: two for each encoding, the odd one
// for those that have negotiated compression.
func (c *client) form() int {
	f := c.flags.Load()
	i := 2 * int(f>>flagEncoding)
	if f&flagDeflates != 0 {
		i++
	}
	return i
}

func (c *client) ended() bool    { return c.flags.Load()&flagEnded != 0 }
func (c *client) deflates() bool { return c.flags.Load()&flagDeflates != 0 }
