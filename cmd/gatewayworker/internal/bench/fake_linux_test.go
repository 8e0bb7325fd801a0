package bench

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// fakeGateway is as much of a gateway as the scenarios need, with faults on
// demand. echo makes it answer clients itself while it has no worker.
type fakeGateway struct {
	t                *testing.T
	clientAddr       string // scheme://ip:port
	inner            string
	text, tls, echo  bool
	compress         bool
	fault            func(n int) int // how many times to deliver the n-th message
	refuse           bool            // close clients at once
	elsewhere        bool            // half of the clients belong to a worker that is not there
	clientL, innerL  net.Listener
	wg               sync.WaitGroup
	mu               sync.Mutex // guards what follows
	all              map[uint32]*fakeClient
	groups           map[string][]uint32
	uids             map[string]uint32
	worker           net.Conn
	conns            map[net.Conn]bool
	lastID           uint32
	delivered        int
	bound, dressed   int
	workerConnected  int
	gatewayConnected int
}

type fakeClient struct {
	id      uint32
	send    func(body []byte)
	addr    netip.AddrPort
	session []byte
}

func startFake(t *testing.T, f *fakeGateway) *fakeGateway {
	t.Helper()
	f.t, f.all, f.groups, f.conns = t, map[uint32]*fakeClient{}, map[string][]uint32{}, map[net.Conn]bool{}
	f.uids = map[string]uint32{}
	var err error
	if f.clientL, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if f.innerL, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	f.inner = f.innerL.Addr().String()
	scheme := "websocket://"
	switch {
	case f.text:
		scheme = "text://"
	case f.tls:
		scheme = "wss://"
		s := httptest.NewTLSServer(nil) // for its certificate
		f.clientL = tls.NewListener(f.clientL, s.TLS.Clone())
		s.Close()
	}
	f.clientAddr = scheme + f.clientL.Addr().String()
	f.accept(f.clientL, func(c net.Conn, ready func()) { ready(); f.serveClient(c) })
	f.accept(f.innerL, f.serveInner)
	t.Cleanup(func() {
		f.clientL.Close()
		f.innerL.Close()
		f.mu.Lock()
		for c := range f.conns {
			c.Close()
		}
		f.mu.Unlock()
		f.wg.Wait()
	})
	return f
}

// accept serves a connection before it takes the next, up to the call of ready:
// on the inner port up to its first frame, so that a worker is known to those
// that connect after it.
func (f *fakeGateway) accept(l net.Listener, serve func(c net.Conn, ready func())) {
	f.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.mu.Lock()
			f.conns[c] = true
			f.mu.Unlock()
			ready := make(chan struct{})
			begun := sync.OnceFunc(func() { close(ready) })
			f.wg.Go(func() {
				serve(c, begun)
				begun()
				c.Close()
				f.mu.Lock()
				delete(f.conns, c)
				f.mu.Unlock()
			})
			<-ready
		}
	})
}

// event tells the worker; f.mu is held.
func (f *fakeGateway) event(cmd gp.Command, c *fakeClient, body []byte) {
	if f.elsewhere && c.id%2 == 0 {
		return
	}
	if f.worker == nil {
		if cmd == gp.CmdOnMessage && f.echo {
			f.deliver(c, body)
		}
		return
	}
	m := gp.Message{Cmd: cmd, ConnectionID: c.id, ClientIP: gp.AddrToUint32(c.addr.Addr()), ClientPort: c.addr.Port(), Flag: gp.FlagBodyIsScalar, Body: body}
	_, _ = f.worker.Write(gp.AppendMessage(nil, &m))
}

func (f *fakeGateway) deliver(c *fakeClient, body []byte) {
	times := 1
	if f.delivered++; f.fault != nil {
		times = f.fault(f.delivered)
	}
	for range times {
		c.send(body)
	}
}

func (f *fakeGateway) serveClient(conn net.Conn) {
	if f.refuse {
		return
	}
	c := &fakeClient{addr: netip.MustParseAddrPort(conn.RemoteAddr().String())}
	f.mu.Lock()
	f.lastID++
	c.id = f.lastID
	c.send = func(body []byte) { _, _ = fmt.Fprintf(conn, "%s\n", body) }
	f.all[c.id] = c
	f.event(gp.CmdOnConnect, c, nil)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.all, c.id)
		for name, ids := range f.groups {
			f.groups[name] = slices.DeleteFunc(ids, func(id uint32) bool { return id == c.id })
		}
		f.event(gp.CmdOnClose, c, nil)
	}()
	if f.text {
		for in := bufio.NewScanner(conn); in.Scan(); {
			f.mu.Lock()
			f.event(gp.CmdOnMessage, c, in.Bytes())
			f.mu.Unlock()
		}
		return
	}
	in := bufio.NewReader(conn)
	req, err := http.ReadRequest(in)
	if err != nil {
		return
	}
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, EnableCompression: f.compress}
	f.mu.Lock() // nothing is sent to the client in between
	ws, err := up.Upgrade(&hijacked{conn, in}, req, nil)
	if err != nil {
		f.mu.Unlock()
		f.t.Errorf("upgrade: %v", err)
		return
	}
	c.send = func(body []byte) { _ = ws.WriteMessage(websocket.TextMessage, body) }
	f.event(gp.CmdOnWebSocketConnect, c, nil)
	f.mu.Unlock()
	for {
		_, body, err := ws.ReadMessage()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.event(gp.CmdOnMessage, c, body)
		f.mu.Unlock()
	}
}

type hijacked struct {
	conn net.Conn
	in   *bufio.Reader
}

func (h *hijacked) Header() http.Header         { return http.Header{} }
func (h *hijacked) WriteHeader(int)             {}
func (h *hijacked) Write(p []byte) (int, error) { return h.conn.Write(p) }
func (h *hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(h.in, bufio.NewWriter(h.conn)), nil
}

func (f *fakeGateway) serveInner(conn net.Conn, ready func()) {
	in := bufio.NewReader(conn)
	for {
		head, err := in.Peek(4)
		if err != nil {
			break
		}
		frame := make([]byte, binary.BigEndian.Uint32(head))
		if _, err := io.ReadFull(in, frame); err != nil {
			break
		}
		var m gp.Message
		if _, err := gp.DecodeMessage(frame, &m, 0); err != nil {
			f.t.Errorf("inner frame: %v", err)
			break
		}
		f.mu.Lock()
		f.execute(conn, &m)
		f.mu.Unlock()
		ready()
	}
	f.mu.Lock()
	if f.worker == conn {
		f.worker = nil
	}
	f.mu.Unlock()
}

// sessions is an array of sessions by connection id; f.mu is held.
func (f *fakeGateway) sessions(ids []uint32) string {
	text := fmt.Sprintf("a:%d:{", len(ids))
	for _, id := range ids {
		s := f.all[id].session
		text += fmt.Sprintf("i:%d;s:%d:\"%s\";", id, len(s), s)
	}
	return text + "}"
}

// execute runs one command; f.mu is held.
func (f *fakeGateway) execute(conn net.Conn, m *gp.Message) {
	reply := func(text string) { _, _ = conn.Write(gp.AppendReply(nil, []byte(text))) }
	c := f.all[m.ConnectionID]
	switch m.Cmd {
	case gp.CmdWorkerConnect:
		f.worker = conn
		f.workerConnected++
	case gp.CmdGatewayClientConnect:
		f.gatewayConnected++
	case gp.CmdIsOnline:
		reply(map[bool]string{true: "i:1;", false: "i:0;"}[c != nil])
	case gp.CmdGetClientCountByGroup:
		if len(m.ExtData) > 0 {
			reply(fmt.Sprintf("i:%d;", len(f.groups[string(m.ExtData)])))
		} else {
			reply(fmt.Sprintf("i:%d;", len(f.all)))
		}
	case gp.CmdGetAllClientSessions:
		reply(f.sessions(slices.Collect(maps.Keys(f.all))))
	case gp.CmdGetClientSessionsByGroup:
		reply(f.sessions(f.groups[string(m.ExtData)]))
	case gp.CmdGetClientIDByUID:
		reply(fmt.Sprintf("a:1:{i:0;i:%d;}", f.uids[string(m.ExtData)]))
	case gp.CmdSendToAll:
		for _, c := range f.all {
			f.deliver(c, m.Body)
		}
	case gp.CmdSendToGroup:
		name := strings.TrimSuffix(strings.TrimPrefix(string(m.ExtData), `{"group":["`), `"],"exclude":null}`)
		for _, id := range f.groups[name] {
			f.deliver(f.all[id], m.Body)
		}
	case gp.CmdSendToOne:
		if c != nil {
			f.deliver(c, m.Body)
		}
	case gp.CmdJoinGroup:
		f.groups[string(m.ExtData)] = append(f.groups[string(m.ExtData)], m.ConnectionID)
	case gp.CmdBindUID:
		f.bound++
		f.uids[string(m.ExtData)] = m.ConnectionID
	case gp.CmdSetSession:
		f.dressed++
		c.session = m.ExtData
	default:
		f.t.Errorf("unexpected %v", m.Cmd)
	}
}
