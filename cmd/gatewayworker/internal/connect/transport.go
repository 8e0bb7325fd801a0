package connect

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// maxMessage bounds a message that is received: what a gateway lets through.
const maxMessage = 64 << 20

// transport carries messages. send and receive may be called by one goroutine
// each; close by any.
type transport interface {
	send(message []byte) error
	// receive returns the next message; io.EOF or another error at the end.
	receive() ([]byte, error)
	// close ends the connection in good order.
	close()
	// greeting says what the server answered at the start, "" for nothing.
	greeting() string
}

// ErrAddress says that an address is none that connect knows.
var ErrAddress = errors.New("want ws://, wss://, text://, frame:// or tcp://, then host:port")

// address is where to connect, and how.
type address struct {
	scheme string // ws, text, frame or tcp
	secure bool
	url    *url.URL
}

// parseAddress reads an address. A gateway's own names of protocols are known, too.
func parseAddress(text string, secure bool) (address, error) {
	if !strings.Contains(text, "://") {
		text = "ws://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return address{}, ErrAddress
	}
	a := address{scheme: u.Scheme, secure: secure, url: u}
	switch u.Scheme {
	case "ws", "websocket", "http":
		a.scheme = "ws"
	case "wss", "https":
		a.scheme, a.secure = "ws", true
	case "text", "frame", "tcp":
		if u.Port() == "" || u.Path != "" && u.Path != "/" || u.RawQuery != "" {
			return address{}, ErrAddress
		}
	default:
		return address{}, ErrAddress
	}
	if a.scheme == "ws" {
		u.Scheme = "ws"
		if a.secure {
			u.Scheme = "wss"
		}
	}
	return a, nil
}

// dial connects.
func (o *Options) dial(ctx context.Context, a address) (transport, error) {
	config, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	if a.scheme == "ws" {
		return o.dialWebsocket(ctx, a, config)
	}
	var conn net.Conn
	if a.secure {
		conn, err = (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", a.url.Host)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", a.url.Host)
	}
	if err != nil {
		return nil, err
	}
	s := &stream{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}
	switch a.scheme {
	case "text":
		return textStream{s}, nil
	case "frame":
		return frameStream{s}, nil
	}
	return tcpStream{s}, nil
}

func (o *Options) dialWebsocket(ctx context.Context, a address, config *tls.Config) (transport, error) {
	d := websocket.Dialer{TLSClientConfig: config, Subprotocols: o.Subprotocols, Proxy: http.ProxyFromEnvironment, EnableCompression: o.Compress}
	conn, resp, err := d.DialContext(ctx, a.url.String(), o.Header)
	if errors.Is(err, websocket.ErrBadHandshake) {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
		return nil, fmt.Errorf("the server answers %s%s", resp.Status, quoteIfAny(bytes.TrimSpace(body)))
	}
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(maxMessage)
	kind := websocket.TextMessage
	if o.Binary {
		kind = websocket.BinaryMessage
	}
	compressed := strings.HasPrefix(resp.Header.Get("Sec-WebSocket-Extensions"), "permessage-deflate")
	return &websocketConn{conn, kind, compressed}, nil
}

func quoteIfAny(body []byte) string {
	if len(body) == 0 {
		return ""
	}
	return fmt.Sprintf(": %q", body)
}

type websocketConn struct {
	conn       *websocket.Conn
	kind       int
	compressed bool
}

func (w *websocketConn) send(message []byte) error { return w.conn.WriteMessage(w.kind, message) }

func (w *websocketConn) receive() ([]byte, error) {
	_, message, err := w.conn.ReadMessage()
	return message, err
}

// farewell is how long a server may take to read the end.
const farewell = time.Second

func (w *websocketConn) close() {
	text := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = w.conn.WriteControl(websocket.CloseMessage, text, time.Now().Add(farewell))
	_ = w.conn.Close()
}

func (w *websocketConn) greeting() string {
	var said []string
	if p := w.conn.Subprotocol(); p != "" {
		said = append(said, "subprotocol "+p)
	}
	if w.compressed {
		said = append(said, "compressed")
	}
	return strings.Join(said, ", ")
}

// stream is what the protocols without a handshake have in common.
type stream struct {
	conn net.Conn
	r    *bufio.Reader
}

func (s *stream) close()           { _ = s.conn.Close() }
func (s *stream) greeting() string { return "" }

// textStream ends messages with a newline.
type textStream struct{ *stream }

func (s textStream) send(message []byte) error {
	_, err := s.conn.Write(append(bytes.Clone(message), '\n'))
	return err
}

func (s textStream) receive() ([]byte, error) {
	var line []byte
	for {
		part, err := s.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(line) > maxMessage:
			return nil, fmt.Errorf("a line of more than %d bytes", maxMessage)
		}
	}
}

// frameStream puts the length of the whole in front of messages.
type frameStream struct{ *stream }

func (s frameStream) send(message []byte) error {
	_, err := s.conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(4+len(message))), message...))
	return err
}

func (s frameStream) receive() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < 4 || length > maxMessage {
		return nil, fmt.Errorf("a frame of %d bytes: is this a port for frame:// clients?", length)
	}
	var message bytes.Buffer // grows with what comes, not with what is claimed
	_, err := io.CopyN(&message, s.r, int64(length-4))
	return message.Bytes(), err
}

// tcpStream has no messages: what comes together is shown together. Lines are sent
// with their end.
type tcpStream struct{ *stream }

func (s tcpStream) send(message []byte) error { return textStream(s).send(message) }

func (s tcpStream) receive() ([]byte, error) {
	buf := make([]byte, 64<<10)
	n, err := s.r.Read(buf)
	if n > 0 {
		err = nil
	}
	return buf[:n], err
}
