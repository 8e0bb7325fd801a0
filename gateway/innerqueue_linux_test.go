package gateway

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/netloop"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestInnerQueue writes a queue to a socket that takes little at a time, while
// events and answers of all lengths come: everything arrives, in order.
func TestInnerQueue(t *testing.T) {
	g := new(Gateway)
	random := rand.New(rand.NewPCG(1, 2))
	for range 3 {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		var near, far netloop.FD
		near.Init(fds[0])
		far.Init(fds[1])
		var q innerQueue
		var want, got []byte
		buf := make([]byte, 1<<20)
		for i := 0; i < 100 || q.len() > 0; i++ {
			if i < 100 {
				body := bytes.Repeat([]byte{byte(i)}, []int{random.IntN(100), random.IntN(innerLong), innerLong + random.IntN(innerChunk)}[random.IntN(3)])
				if random.IntN(2) == 0 {
					m := gp.Message{Cmd: gp.CmdOnMessage, ConnectionID: uint32(i), ExtData: []byte("session"), Body: body, Flag: gp.FlagBodyIsScalar}
					want = gp.AppendMessage(want, &m)
					q.event(&m, m.ExtData, body)
				} else {
					want = gp.AppendReply(want, body)
					q.reply(body)
				}
			}
			if random.IntN(3) > 0 {
				taken := q
				q = innerQueue{}
				for range random.IntN(3) { // comes meanwhile
					want = gp.AppendReply(want, []byte("late"))
					q.reply([]byte("late"))
				}
				before := taken.len()
				err := taken.writeTo(&near, innerAtOnce, g)
				if wrote := before - taken.len(); wrote > innerAtOnce+innerChunk {
					t.Fatalf("%d bytes are written at once", wrote)
				}
				if err == nil && taken.len() > 0 && before <= innerAtOnce || err != nil && !errors.Is(err, netloop.ErrAgain) {
					t.Fatalf("%d bytes are left, %v", taken.len(), err)
				}
				taken.join(q)
				q = taken
			}
			if n, err := far.Read(buf); err == nil {
				got = append(got, buf[:n]...)
			}
			waits := 0
			for _, p := range q.pieces() {
				waits += len(p)
			}
			if len(want)-len(got) < waits || waits != q.len() {
				t.Fatalf("%d bytes wait, says the queue: %d were queued, %d have come", q.len(), len(want), len(got))
			}
		}
		for {
			n, err := far.Read(buf)
			if err != nil {
				break
			}
			got = append(got, buf[:n]...)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes have come, not the %d that were queued", len(got), len(want))
		}
		near.Close()
		far.Close()
	}
}

// TestLongEventIsNotCopied: a long message is a piece of its worker's queue as it
// is, and what comes behind it moves nothing.
func TestLongEventIsNotCopied(t *testing.T) {
	var q innerQueue
	long := make([]byte, 1<<20)
	m := gp.Message{Cmd: gp.CmdOnMessage}
	q.event(&m, nil, long)
	for range 100 {
		q.event(&m, nil, []byte("short"))
	}
	if p := q.pieces(); len(p) != 3 || &p[1][0] != &long[0] {
		t.Errorf("it stands in %d pieces", len(p))
	}
	for range 3 * innerChunk / innerLong { // chunks do not grow for ever
		q.event(&m, nil, long[:innerLong-1])
	}
	for _, p := range q.pieces() {
		if len(p) > innerChunk+innerLong && &p[0] != &long[0] {
			t.Errorf("a chunk has %d bytes", len(p))
		}
	}
}

// TestPacedQueueHasABound: what waits for a worker is bounded also while the kernel
// takes all that it is offered and the inner loop is slower than those who add.
func TestPacedQueueHasABound(t *testing.T) {
	g := newBenchLoop(t, 0).conn.gw
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[1])
	w := g.newInnerConn(netip.AddrPort{}, new(batch))
	w.sock.Init(fds[0])
	defer w.sock.Close()
	w.again = func() {} // the inner loop is busy for ever
	w.state = innerPaced
	const size = 1 << 20
	bound := g.options().SendToWorkerBufferSize
	for range 3 * bound / size {
		w.event(w.batch, &gp.Message{Cmd: gp.CmdOnMessage}, nil, make([]byte, size))
		w.flush()
		if n := w.out.len(); n > bound+2*size {
			t.Fatalf("%d bytes wait", n)
		}
	}
	if w.lost == 0 {
		t.Error("nothing is dropped for a worker that does not read")
	}
}

// TestLongMessages: messages of 10 MB and short ones of other clients reach a worker
// whole, whatever they overtake; those of one client in order.
func TestLongMessages(t *testing.T) {
	t.Run("plain", func(t *testing.T) { testLongMessages(t, Options{}) })
	t.Run("TLS", func(t *testing.T) { testLongMessages(t, Options{TLS: serverTLS()}) })
	t.Run("custom", func(t *testing.T) { testLongMessages(t, Options{Protocol: reusing{}}) })
}

func testLongMessages(t *testing.T, opts Options) {
	const size, long, short = 10_000_000, 3, 200
	opts.SendToWorkerBufferSize = 1 << 30
	if opts.Protocol == nil {
		opts.Listen = "frame://127.0.0.1:0"
	}
	g := startGateway(t, opts)
	w := g.worker("w:0")
	frame := func(body []byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, uint32(4+len(body))), body...)
	}
	sent := make(chan error, 2)
	send := func(c *peer, n int, body func(i int) []byte) {
		go func() {
			for i := range n {
				if _, err := c.conn.Write(frame(body(i))); err != nil {
					sent <- err
					return
				}
			}
			sent <- nil
		}()
	}
	one := g.dialRaw()
	if _, err := one.conn.Write(frame([]byte("hello"))); err != nil { // it is client 1
		t.Fatal(err)
	}
	w.event(gp.CmdOnConnect)
	w.event(gp.CmdOnMessage)
	send(one, long, func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, size) })
	send(g.dialRaw(), short, func(i int) []byte { return []byte{byte(i)} })
	var got [3]int
	for got[1] < long || got[2] < short {
		m := w.next()
		if m.Cmd != gp.CmdOnMessage {
			continue
		}
		i := got[m.ConnectionID]
		got[m.ConnectionID]++
		want := 1
		if m.ConnectionID == 1 {
			want = size
		}
		if len(m.Body) != want || bytes.Count(m.Body, []byte{byte(i)}) != want {
			t.Fatalf("message %d of client %d has %d bytes, or others", i, m.ConnectionID, len(m.Body))
		}
	}
	for range 2 {
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
}

// reusing is the frame protocol, but that it has its messages in memory that it uses
// again.
type reusing struct{}

func (reusing) Input(buf []byte, _ ClientConn) (int, error) {
	if len(buf) < 4 {
		return 0, nil
	}
	return int(binary.BigEndian.Uint32(buf)), nil
}

func (reusing) Decode(packet []byte, client ClientConn) ([]byte, error) {
	room, _ := client.State().([]byte)
	room = append(room[:0], packet[4:]...)
	client.SetState(room)
	return room, nil
}

func (reusing) AppendPacket(dst, message []byte) []byte { return append(dst, message...) }

// TestCollect: of a long message that comes in pieces not much more memory is taken
// than has come, and not much is copied.
func TestCollect(t *testing.T) {
	x := newBenchLoop(t, 1)
	g := x.conn.gw
	w := g.newInnerConn(x.conn.remote, &x.out.batch)
	w.state = innerBlocked // the test looks at what waits
	g.workerConnected(w, "w:0")
	c := g.allClients()[0]
	r := clientReader{gw: g, b: new(batch)}
	r.received(c, []byte("GET / HTTP/1.1\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n"))
	const size = 10_000_000
	whole := append([]byte("\x82\xff\x00\x00\x00\x00\x00\x98\x96\x80\x01\x02\x03\x04"), make([]byte, size)...)
	for i := range whole[14:] {
		whole[14+i] = byte(i) ^ byte(i%4+1)
	}
	grown, last := 0, 0
	for rest := whole; len(rest) > 0; {
		n := min(len(rest), clientReadSize-7)
		r.received(c, bytes.Clone(rest[:n]))
		rest = rest[n:]
		if len(rest) == 0 {
			break
		}
		if have := len(c.unread); cap(c.unread) > 2*have+64<<10 {
			t.Fatalf("%d bytes have come, %d are taken", have, cap(c.unread))
		}
		if cap(c.unread) != last {
			grown, last = grown+1, cap(c.unread)
		}
		if k := len(c.unread) - 14; k > clientReadSize && c.unread[14+k/2] != byte(k/2) {
			t.Fatal("what has come is not unmasked")
		}
	}
	if grown > 10 {
		t.Errorf("it has grown %d times", grown)
	}
	p := w.out.pieces()
	if len(p) != 3 || len(p[1]) != size {
		t.Fatalf("%d pieces wait for the worker", len(p))
	}
	for i, b := range p[1] {
		if b != byte(i) {
			t.Fatalf("byte %d is wrong", i)
		}
	}
}
