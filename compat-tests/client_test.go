package compattests

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"
	"strings"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// A client is a scripted client of a gateway.
type client struct {
	*stream
	gw       *gatewayUnderTest
	id       uint32
	worker   *inner // where its events went first; nil without scripted workers
	upgraded bool   // the websocket handshake is done, or the protocol has none
	skips    string // messages that drain leaves out of the transcript; "": none
}

// standardHandshake is what connect sends.
const standardHandshake = "GET /chat?room=1 HTTP/1.1\r\nHost: gateway.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// standardEvent is the body of the event that standardHandshake causes, with ports replaced by P.
const standardEvent = `a:3:{s:3:"get";a:1:{s:4:"room";s:1:"1";}s:6:"server";a:14:{s:12:"QUERY_STRING";s:6:"room=1";` +
	`s:14:"REQUEST_METHOD";s:3:"GET";s:11:"REQUEST_URI";s:12:"/chat?room=1";s:15:"SERVER_PROTOCOL";s:8:"HTTP/1.1";` +
	`s:11:"SERVER_NAME";s:12:"gateway.test";s:12:"CONTENT_TYPE";N;s:11:"REMOTE_ADDR";s:9:"127.0.0.1";` +
	`s:11:"REMOTE_PORT";i:%d;s:11:"SERVER_PORT";i:%d;s:9:"HTTP_HOST";s:12:"gateway.test";s:12:"HTTP_UPGRADE";s:9:"websocket";` +
	`s:15:"HTTP_CONNECTION";s:7:"Upgrade";s:22:"HTTP_SEC_WEBSOCKET_KEY";s:24:"dGhlIHNhbXBsZSBub25jZQ==";` +
	`s:26:"HTTP_SEC_WEBSOCKET_VERSION";s:2:"13";}s:6:"cookie";a:0:{}}`

// dial opens a client connection and waits until the scripted worker, if
// there is one, has the event of it.
func (s *stage) dial() *client { return s.dialAt(s.gateways[0]) }

func (s *stage) dialAt(gw *gatewayUnderTest) *client {
	c := s.open(gw)
	s.announce(c)
	return c
}

// open dials without waiting for the event.
func (s *stage) open(gw *gatewayUnderTest) *client { return s.openAt(gw, gw.clientAddress) }

func (s *stage) openAt(gw *gatewayUnderTest, address string) *client {
	conn, err := dialOwnPort(address)
	s.check(err)
	name := fmt.Sprintf("c%d", len(s.clients)+1)
	s.names.client(name, conn.LocalAddr().(*net.TCPAddr).Port)
	gw.accepted++
	c := &client{gw: gw, id: uint32(gw.accepted), upgraded: gw.cfg.Listen != "websocket"}
	s.clients = append(s.clients, c)
	if gw.cfg.TLS {
		conn = tls.Client(conn, clientTLS(gw.cfg))
	}
	c.stream = s.adopt(name, conn)
	return c
}

// dialOwnPort dials from a port that no other client has. The system may give the
// same port to connections to different gateways unless it is bound first, and
// the harness knows clients by their ports.
func dialOwnPort(address string) (net.Conn, error) {
	var d net.Dialer
	if strings.HasPrefix(address, "127.") {
		d.LocalAddr = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	}
	return d.Dial("tcp", address)
}

// announce waits for a client's first event, or, without scripted workers,
// until the gateway counts it.
func (s *stage) announce(c *client) {
	if f := s.eventOf(c); f != nil && c.canonical(f, gp.CmdOnConnect) {
		c.id = f.ConnectionID
		s.log("%s connects to %s: id=%d, events to %s", c.name, c.gw.name, c.id, c.worker.name)
	} else if f != nil {
		c.id = f.ConnectionID
		s.log("%s connects", c.name)
		s.log("%s < %s", c.worker.name, s.names.renderFrame(f))
	} else {
		s.log("%s connects to %s", c.name, c.gw.name)
	}
}

// canonical reports whether an event's frame is what it is but for its body.
func (c *client) canonical(f *frame, cmd gp.Command) bool {
	return f.Cmd == cmd && c.stage.names.eventSource(f) == c.name+"@"+c.gw.name && len(f.ExtData) == 0 &&
		(f.Flag == gp.FlagBodyIsScalar && len(f.Body) == 0 || cmd == gp.CmdOnWebSocketConnect && f.Flag == 0)
}

// eventOf waits for the next frame at any of the workers of the client's
// gateway, and binds the client to that worker.
func (s *stage) eventOf(c *client) *frame {
	var workers []*inner
	for _, w := range s.workers {
		if w.gw == c.gw && !w.over() {
			workers = append(workers, w)
		}
	}
	if len(workers) == 0 {
		return nil
	}
	for _, w := range workers {
		if len(w.pending) > 0 {
			s.fail("%s has an event that the scenario did not expect: %s", w.name, s.names.renderFrame(w.pending[0].frame))
		}
	}
	ok := s.await(func() bool {
		for _, w := range workers {
			if w.unitLen(w.buf) > 0 {
				c.worker = w
				return true
			}
		}
		return false
	})
	if !ok {
		s.fail("no event for %s within %v", c.name, patience)
	}
	u, _ := c.worker.read()
	return u.frame
}

// connect opens a client connection and, for websocket, completes the standard handshake.
func (s *stage) connect() *client { return s.connectAt(s.gateways[0]) }

func (s *stage) connectAt(gw *gatewayUnderTest) *client {
	c := s.dialAt(gw)
	if !c.upgraded {
		c.put([]byte(standardHandshake))
		c.finishHandshake()
	}
	return c
}

// finishHandshake waits for the event and the answer of the standard handshake;
// what differs from the standard shows in the transcript.
func (c *client) finishHandshake() {
	s := c.stage
	if f := s.eventOf(c); f != nil {
		body := fmt.Sprintf(standardEvent, c.port(), portOf(c.gw.clientAddress))
		if !c.canonical(f, gp.CmdOnWebSocketConnect) || string(f.Body) != body {
			s.log("%s < %s", c.worker.name, s.names.renderFrame(f))
		}
	}
	head := c.readHead()
	if !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		s.log("%s < %s", c.name, quote([]byte(head)))
	}
}

// connectN is connect, n times.
func (s *stage) connectN(n int) []*client {
	list := make([]*client, n)
	for i := range list {
		list[i] = s.connect()
	}
	return list
}

func (c *client) port() int { return c.conn.LocalAddr().(*net.TCPAddr).Port }

func portOf(address string) int {
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(err)
	}
	return addr.Port
}

// readHead takes an HTTP head; the stream is a websocket stream afterwards.
func (c *client) readHead() string {
	head, ok := c.take(func(buf []byte) int {
		return bytes.Index(buf, []byte("\r\n\r\n")) + 4*btoi(bytes.Contains(buf, []byte("\r\n\r\n")))
	})
	if !ok {
		c.stage.log("%s < closed", c.name)
		return ""
	}
	c.upgraded = bytes.HasPrefix(head, []byte("HTTP/1.1 101 "))
	return string(head)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// send sends messages framed for the gateway's protocol, in one segment.
func (c *client) send(messages ...string) {
	var data []byte
	for _, m := range messages {
		c.stage.log("%s > message %s", c.name, quote([]byte(m)))
		data = append(data, c.encode(m)...)
	}
	c.put(data)
}

func (c *client) encode(m string) []byte {
	switch c.gw.cfg.Listen {
	case "websocket":
		return wsFrame(0x81, m)
	case "text":
		return []byte(m + "\n")
	case "frame":
		return append(binary.BigEndian.AppendUint32(nil, uint32(4+len(m))), m...)
	default:
		return []byte(m)
	}
}

// raw sends bytes as they are.
func (c *client) raw(data string) {
	c.stage.log("%s > bytes %s", c.name, quote([]byte(data)))
	c.put([]byte(data))
}

// say sends a message and waits until a worker has it.
func (c *client) say(message string) {
	c.send(message)
	c.worker.expect()
}
