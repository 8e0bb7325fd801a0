package bench

import (
	"encoding/json"
	"fmt"
	"net/netip"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// innerConn is a connection to a gateway's inner port: as the worker it gets
// the clients' events, as a GatewayClient it pushes and asks. PHP keeps the two
// apart as well, because answers are no frames.
type innerConn struct {
	conn
	b       *bench
	index   int
	address gp.GatewayAddress
	worker  bool
	clients map[uint32]*client // worker: by connection id
	replies []func(payload []byte)
	batch   []byte // worker: frames to send after the chunk that was read
}

func (b *bench) dialInner(index int, worker bool) (*innerConn, error) {
	to := b.plan.inner[index]
	ic := &innerConn{
		b: b, index: index, worker: worker,
		address: gp.GatewayAddress{IP: gp.AddrToUint32(to.Addr()), Port: to.Port()},
	}
	what := "the inner connection to " + to.String()
	ic.closed = func(err error) {
		if err == nil {
			err = fmt.Errorf("the gateway closed it (a wrong secret key does that)")
		}
		b.fatal = fmt.Errorf("bench: %s: %w", what, err)
	}
	ic.opened = func() { b.loop.activity++ }
	ic.consume = ic.answers
	cmd, body := gp.CmdGatewayClientConnect, any(struct {
		SecretKey string `json:"secret_key"`
	}{b.plan.SecretKey})
	if worker {
		ic.clients = make(map[uint32]*client)
		ic.consume = ic.events
		cmd, body = gp.CmdWorkerConnect, struct {
			WorkerKey string `json:"worker_key"`
			SecretKey string `json:"secret_key"`
		}{b.workerKey, b.plan.SecretKey}
	}
	if err := ic.dial(b.loop, to, netip.Addr{}, ic); err != nil {
		return nil, err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	ic.write(gp.AppendMessage(nil, &gp.Message{Cmd: cmd, Flag: gp.FlagBodyIsScalar, Body: text}))
	return ic, nil
}

// append appends a frame of this gateway to dst.
func (ic *innerConn) append(dst []byte, cmd gp.Command, connectionID uint32, ext string, body []byte) []byte {
	m := gp.Message{
		Cmd: cmd, LocalIP: ic.address.IP, LocalPort: ic.address.Port,
		ConnectionID: connectionID, Flag: gp.FlagBodyIsScalar,
	}
	dst = gp.AppendHead(dst, &m, len(ext), len(body))
	dst = append(dst, ext...)
	return append(dst, body...)
}

// query asks; then is called with the answer. Answers come in order.
func (ic *innerConn) query(cmd gp.Command, connectionID uint32, ext string, then func(payload []byte)) {
	ic.replies = append(ic.replies, then)
	ic.write(ic.append(nil, cmd, connectionID, ext, nil))
}

func (ic *innerConn) answers(data []byte) (used int, err error) {
	for {
		payload, n, err := gp.DecodeReply(data[used:], 256<<20)
		if err != nil || n == 0 {
			return used, err
		}
		used += n
		if len(ic.replies) == 0 {
			return used, fmt.Errorf("an answer without a question: %.40q", payload)
		}
		then := ic.replies[0]
		ic.replies = ic.replies[1:]
		ic.b.loop.activity++
		then(payload)
	}
}

// events handles what a gateway tells its worker.
func (ic *innerConn) events(data []byte) (used int, err error) {
	var m gp.Message
	ic.batch = ic.batch[:0]
	for {
		n, err := gp.DecodeMessage(data[used:], &m, 0)
		if err != nil {
			return used, err
		}
		if n == 0 {
			break
		}
		used += n
		ic.event(&m)
	}
	if len(ic.batch) > 0 {
		ic.write(ic.batch)
	}
	return used, nil
}

func (ic *innerConn) event(m *gp.Message) {
	b := ic.b
	switch m.Cmd {
	case gp.CmdOnConnect:
		from := netip.AddrPortFrom(gp.Uint32ToAddr(m.ClientIP), m.ClientPort)
		if c := b.byLocal[from]; c != nil {
			c.connectionID, c.inner = m.ConnectionID, ic.index
			ic.clients[m.ConnectionID] = c
			if _, ws := c.wire.(wsWire); !ws {
				ic.complete(c)
			}
		}
	case gp.CmdOnWebSocketConnect:
		if c := ic.clients[m.ConnectionID]; c != nil {
			ic.complete(c)
		}
	case gp.CmdOnClose:
		delete(ic.clients, m.ConnectionID)
		b.workerCloses++
		b.loop.activity++
	case gp.CmdOnMessage:
		c := ic.clients[m.ConnectionID]
		if c == nil {
			return
		}
		id, seq, due, ok := parsePayload(m.Body, &b.tag)
		if !ok {
			b.foreign++
			return
		}
		if s := b.uplink; s != nil && s.id == id {
			b.loop.activity++
			s.receive(c.index, seq, due, b.loop.now)
			return
		}
		ic.batch = ic.append(ic.batch, gp.CmdSendToOne, m.ConnectionID, "", m.Body)
	}
}

// complete is the end of a connection's setting up, as the worker sees it.
func (ic *innerConn) complete(c *client) {
	b := ic.b
	c.seen = true
	b.workerSaw++
	b.loop.activity++
	if b.greet {
		putPayload(b.payload, &b.tag, greetingID, uint32(c.index), c.began)
		ic.batch = ic.append(ic.batch, gp.CmdSendToOne, c.connectionID, "", b.payload)
	}
}

// queryCount reads the "i:N;" of an answer.
func queryCount(payload []byte) (n int) {
	if len(payload) > 3 && string(payload[:2]) == "i:" {
		for _, d := range payload[2 : len(payload)-1] {
			n = n*10 + int(d-'0')
		}
	}
	return n
}

// idsOfReply reads the keys of a serialized array whose values are sessions:
// a:2:{i:1;s:0:"";i:7;s:3:"a:0";}. It stops at what it does not understand.
func idsOfReply(p []byte) (ids []uint32) {
	number := func() (n uint64, ok bool) {
		i := 0
		for ; i < len(p) && p[i] >= '0' && p[i] <= '9' && i < 18; i++ {
			n = n*10 + uint64(p[i]-'0')
		}
		p = p[i:]
		return n, i > 0
	}
	skip := func(s string) bool {
		if len(p) < len(s) || string(p[:len(s)]) != s {
			return false
		}
		p = p[len(s):]
		return true
	}
	if !skip("a:") {
		return nil
	}
	if _, ok := number(); !ok || !skip(":{") {
		return nil
	}
	for skip("i:") {
		id, ok := number()
		if !ok || !skip(";s:") {
			break
		}
		size, ok := number()
		if !ok || !skip(`:"`) || uint64(len(p)) < size {
			break
		}
		p = p[size:]
		if !skip(`";`) {
			break
		}
		ids = append(ids, uint32(id))
	}
	return ids
}
