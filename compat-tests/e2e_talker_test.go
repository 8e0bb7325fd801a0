package compattests

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// A talker is a websocket client of an end-to-end test.
type talker struct {
	e      *e2e
	name   string
	conn   *websocket.Conn
	inbox  chan string               // closed when the connection is
	ignore func(message string) bool // messages that are not recorded; nil: none
	id     string                    // client id, where the test learns it
}

// dial connects a client. A gateway hangs up while it has no worker; then, and
// while it is starting, dial tries again.
func (e *e2e) dial(name, url string, header http.Header) *talker {
	e.Helper()
	dialer := &websocket.Dialer{HandshakeTimeout: e2ePatience, TLSClientConfig: clientTLS(gatewayConfig{})}
	var conn *websocket.Conn
	var err error
	for start := time.Now(); time.Since(start) < e2ePatience; time.Sleep(5 * time.Millisecond) {
		if conn, _, err = dialer.Dial(url, header); err == nil {
			break
		}
	}
	if err != nil {
		e.Fatalf("%s: %v", name, err)
	}
	c := &talker{e: e, name: name, conn: conn, inbox: make(chan string, 1024)}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer close(c.inbox)
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			c.inbox <- string(data)
		}
	}()
	e.Cleanup(func() {
		conn.Close()
		<-over
	})
	return c
}

func (c *talker) send(message string) {
	c.e.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		c.e.Fatalf("%s: %v", c.name, err)
	}
}

// next returns the next message; ok is false when the connection is closed instead.
func (c *talker) next() (message string, ok bool) {
	c.e.Helper()
	return c.nextWithin(e2ePatience)
}

func (c *talker) nextWithin(limit time.Duration) (message string, ok bool) {
	c.e.Helper()
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		select {
		case message, ok = <-c.inbox:
			if !ok || c.ignore == nil || !c.ignore(message) {
				return message, ok
			}
		case <-timeout.C:
			c.e.Fatalf("%s: no message within %v", c.name, limit)
		}
	}
}

// must returns the next message and fails the test if there is none.
func (c *talker) must() string {
	c.e.Helper()
	message, ok := c.next()
	if !ok {
		c.e.Fatalf("%s: connection closed", c.name)
	}
	return message
}

// within is must for a message that takes its time.
func (c *talker) within(limit time.Duration) string {
	c.e.Helper()
	message, ok := c.nextWithin(limit)
	if !ok {
		c.e.Fatalf("%s: connection closed", c.name)
	}
	return message
}

// hangUp closes the connection with a close frame.
func (c *talker) hangUp() {
	c.e.Helper()
	data := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := c.conn.WriteControl(websocket.CloseMessage, data, time.Now().Add(e2ePatience)); err != nil {
		c.e.Fatalf("%s: %v", c.name, err)
	}
	for range c.inbox { // until the gateway has closed
	}
}
