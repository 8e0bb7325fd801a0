package bench

import (
	"bytes"
	"fmt"
	"net/netip"
)

// client is one connection to the client port.
type client struct {
	conn
	b     *bench
	index int
	wire  wire
	tls   *secure // nil in the clear
	state clientState
	// connectionID is known once a worker's event or a probe told it; 0 before.
	connectionID uint32
	inner        int // index of the gateway that holds the client
	began        int64
	next         uint32 // sequence number of its next uplink message
	seen         bool   // the worker of the run saw the connection complete
	bystander    bool   // what it receives is not counted
}

type clientState uint8

const (
	clientClosed clientState = iota
	clientConnecting
	clientHandshake
	clientOpen
)

// sourceAddresses is how many addresses of 127.0.0.0/8 clients come from: each
// has some 28,000 ports, of which closed connections keep theirs for a minute.
const sourceAddresses = 64

func (b *bench) source(i int) netip.Addr {
	if !b.plan.targets[0].addr.Addr().IsLoopback() {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte{127, 0, 1, byte(2 + i%sourceAddresses)})
}

// open starts connecting client i.
func (b *bench) open(i int) error {
	t := b.plan.targets[i%len(b.plan.targets)]
	c := b.clients[i]
	if c == nil {
		c = &client{b: b, index: i, wire: wireFor(t.protocol, b.plan.Size, b.packer)}
		c.opened, c.closed, c.consume = c.established, c.gone, c.received
		b.clients[i] = c
	}
	c.connectionID, c.seen, c.connected, c.tls = 0, false, false, nil
	c.state, c.began = clientConnecting, b.loop.clock()
	if err := c.dial(b.loop, t.addr, b.source(i), c); err != nil {
		c.state = clientClosed
		return err
	}
	b.byLocal[c.local] = c
	return nil
}

func (c *client) established() {
	if c.b.plan.targets[c.index%len(c.b.plan.targets)].tls {
		s, err := secureConn(&c.conn)
		if err != nil {
			c.end(err)
			return
		}
		c.tls = s
	}
	if _, ok := c.wire.(wsWire); ok {
		c.state = clientHandshake
		request := upgradeRequest
		if c.b.packer != nil {
			request = deflateRequest
		}
		c.put([]byte(request))
		return
	}
	c.begin()
}

func (c *client) begin() {
	c.state = clientOpen
	c.b.openClients++
	c.b.opened++
	c.b.loop.activity++
	if c.b.established != nil {
		c.b.established(c)
	}
	if c.b.onOpen != nil {
		c.b.onOpen(c)
	}
}

func (c *client) gone(err error) {
	delete(c.b.byLocal, c.local)
	was := c.state
	c.state = clientClosed
	if was == clientOpen {
		c.b.openClients--
	}
	c.b.loop.activity++
	c.b.failed++
	if c.b.failure == nil {
		if err == nil {
			err = fmt.Errorf("the server closed it")
		}
		c.b.failure = fmt.Errorf("connection %d from %s: %w", c.index+1, c.local, err)
	}
	if c.b.onGone != nil {
		c.b.onGone(c, was)
	}
}

// hangUp closes the connection from this side.
func (c *client) hangUp() {
	if c.fd < 0 {
		return
	}
	delete(c.b.byLocal, c.local)
	if c.state == clientOpen {
		c.b.openClients--
	}
	c.state = clientClosed
	c.close()
}

// put sends bytes, encrypted where the client speaks TLS.
func (c *client) put(p []byte) {
	if c.tls == nil {
		c.write(p)
	} else if _, err := c.tls.tls.Write(p); err != nil {
		c.end(err)
	}
}

// received takes what the socket had.
func (c *client) received(data []byte) (used int, err error) {
	if c.tls != nil {
		return c.tls.consume(data, c.frames)
	}
	return c.frames(data)
}

func (c *client) frames(data []byte) (used int, err error) {
	if c.state == clientHandshake {
		if used, err = parseUpgrade(data); err != nil || used == 0 {
			return used, err
		}
		if c.b.packer != nil && !bytes.Contains(data[:used], []byte("permessage-deflate")) {
			return used, errNoCompression
		}
		c.begin()
	}
	for used < len(data) && c.state == clientOpen {
		u, n, err := c.wire.next(data[used:])
		if err != nil {
			return used, err
		}
		if n == 0 {
			return used, nil
		}
		used += n
		c.b.bytesIn += int64(n)
		switch u.op {
		case opText:
			c.b.message(c, u.payload)
		case opPing:
			c.put(wsWire{}.appendFrame(nil, opPong, u.payload))
		case opClose:
			return used, fmt.Errorf("close frame % x", u.payload)
		}
	}
	if c.state != clientOpen {
		return len(data), nil
	}
	return used, nil
}

// send sends one message of the stream, due at the given time.
func (c *client) send(s *stream, due int64) { c.sendMany(s, due, 1) }

// sendMany sends n messages of the stream in one write.
func (c *client) sendMany(s *stream, due int64, n int) {
	b := c.b
	b.frame = b.frame[:0]
	for range n {
		putPayload(b.payload, &b.tag, s.id, c.next, due)
		c.next++
		b.frame = c.wire.appendMessage(b.frame, b.payload)
	}
	b.bytesOut += int64(len(b.frame))
	c.put(b.frame)
}
