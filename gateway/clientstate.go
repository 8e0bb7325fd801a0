package gateway

// clientState is a set of facts about a client.
type clientState uint16

const (
	clientReady   clientState = 1 << iota // messages may go out: handshake done, or none needed
	clientDirty                           // the inner loop's batch will flush it
	clientWriting                         // a goroutine is writing, outside mu
	clientBlocked                         // the kernel takes no more, or the TLS handshake is not done; waiting until it does, or is
	clientClosing                         // closes when out is empty; nothing more is read or queued
	clientClosed                          // gone: out of the hub, socket closed
	clientCounted                         // among the clients of its address, which is then remoteAddr
	clientPaused                          // not read for a moment: it has taken more than its share; see shares
	clientHeld                            // its request waits for ConnectHook; nothing is read
)

func (s clientState) any(f clientState) bool { return s&f != 0 }

// Bits of client.flags.
const (
	flagEnded    = 1 << iota // clientClosing or clientClosed: for the reader
	flagDeflates             // has negotiated compression, and has its 101: for the inner loop
)

func (c *client) ended() bool    { return c.flags.Load()&flagEnded != 0 }
func (c *client) deflates() bool { return c.flags.Load()&flagDeflates != 0 }
