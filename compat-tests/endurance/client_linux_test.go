package endurance

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// client is a websocket client of few parts, which can do what no decent one does.
type client struct {
	net.Conn
	r *bufio.Reader
}

const upgrade = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// dial connects without a handshake of the websocket; under TLS with its own.
func dial(address string, secure bool) (*client, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	if secure {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	}
	return &client{conn, bufio.NewReaderSize(conn, 512)}, nil
}

// join connects a websocket.
func join(address string, secure bool) (*client, error) {
	c, err := dial(address, secure)
	if err != nil {
		return nil, err
	}
	if err := c.handshake(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *client) handshake() error {
	if _, err := io.WriteString(c, upgrade); err != nil {
		return err
	}
	status, err := c.r.ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(status, "HTTP/1.1 101") {
		return fmt.Errorf("the handshake is answered with %q", status)
	}
	for line := ""; line != "\r\n"; {
		if line, err = c.r.ReadString('\n'); err != nil {
			return err
		}
	}
	return nil
}

// The first byte of a frame.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	flagFin = 0x80
	flagRSV = 0x40
)

// frame is a client's frame. Its mask is zero, so that the payload is there as it
// is.
func frame(first byte, payload []byte) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

func (c *client) send(text string) error {
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err := c.Write(frame(flagFin|opText, []byte(text)))
	return err
}

var errClosed = errors.New("the gateway sends a close frame")

// next returns the payload of the next message or pong.
func (c *client) next() (string, error) {
	var head [8]byte
	if _, err := io.ReadFull(c.r, head[:2]); err != nil {
		return "", err
	}
	n := uint64(head[1] & 127)
	switch {
	case head[0] == flagFin|opClose:
		return "", errClosed
	case n == 126:
		if _, err := io.ReadFull(c.r, head[:2]); err != nil {
			return "", err
		}
		n = uint64(binary.BigEndian.Uint16(head[:]))
	case n == 127:
		if _, err := io.ReadFull(c.r, head[:8]); err != nil {
			return "", err
		}
		n = binary.BigEndian.Uint64(head[:])
	}
	p := make([]byte, n)
	_, err := io.ReadFull(c.r, p)
	return string(p), err
}

// ask sends a message and waits for an answer, among messages of groups, which
// begin with t.
func (c *client) ask(text, want string) error {
	if err := c.send(text); err != nil {
		return err
	}
	for {
		got, err := c.next()
		switch {
		case err != nil:
			return fmt.Errorf("waiting for the answer to %.40q: %w", text, err)
		case got == want:
			return nil
		case !strings.HasPrefix(got, "t"):
			return fmt.Errorf("the answer to %.40q is %.40q", text, got)
		}
	}
}

// abort ends the connection with a reset.
func (c *client) abort() {
	if t, ok := c.Conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}
