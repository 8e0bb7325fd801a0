package tlsloop

import (
	"crypto"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// busySigner is a key that sees how many handshakes sign at once.
type busySigner struct {
	crypto.Signer
	now, most atomic.Int32
}

func (s *busySigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	n := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); n > most && !s.most.CompareAndSwap(most, n); most = s.most.Load() {
	}
	for range 200 { // others may come
		runtime.Gosched()
	}
	return s.Signer.Sign(rand, digest, opts)
}

// handshakeAll makes n handshakes at once with a configuration.
func handshakeAll(t *testing.T, n int, cfg *tls.Config) {
	t.Helper()
	var all sync.WaitGroup
	for range n {
		o, client := newPair(t)
		_ = client.SetDeadline(time.Now().Add(2 * time.Minute))
		o.conn.Init(o, &o.socket, cfg)
		done := o.begin()
		all.Go(func() {
			if err := tls.Client(client, &tls.Config{InsecureSkipVerify: true}).Handshake(); err != nil {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestFewCompute: no more handshakes compute at once than half the processors.
func TestFewCompute(t *testing.T) {
	cert := config().Certificates[0]
	signer := &busySigner{Signer: cert.PrivateKey.(crypto.Signer)}
	cert.PrivateKey = signer
	handshakeAll(t, 64, &tls.Config{Certificates: []tls.Certificate{cert}})
	if most, cores := signer.most.Load(), runtime.GOMAXPROCS(0); int(most) > (cores+1)/2 {
		t.Errorf("%d handshakes computed at once on %d processors", most, cores)
	}
}

// TestGoneBeforeItsTurn: handshakes that wait for their turn have no goroutine, and
// none computes for a peer that has gone by then.
func TestGoneBeforeItsTurn(t *testing.T) {
	cert := config().Certificates[0]
	signer := &busySigner{Signer: cert.PrivateKey.(crypto.Signer)}
	cert.PrivateKey = signer
	free := (runtime.GOMAXPROCS(0) + 1) / 2
	for range free {
		computing.take()
	}
	const n = 100
	var ends []<-chan error
	var started int
	for range n {
		o, client := newPair(t)
		o.conn.Init(o, &o.socket, &tls.Config{Certificates: []tls.Certificate{cert}})
		_ = client.SetDeadline(time.Now().Add(2 * time.Minute))
		_ = tls.Client(&lastWords{client}, &tls.Config{InsecureSkipVerify: true}).Handshake()
		testwait.Until(t, "the peer has gone", o.socket.Broken)
		before := runtime.NumGoroutine()
		ends = append(ends, o.begin())
		started += runtime.NumGoroutine() - before
	}
	if started >= n {
		t.Errorf("%d handshakes that wait have %d goroutines", n, started)
	}
	for range free {
		computing.give()
	}
	for _, end := range ends {
		if err := <-end; !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("it ends with %v", err)
		}
	}
	if signer.most.Load() > 0 {
		t.Error("a handshake was computed for a peer that has gone")
	}
}

// lastWords closes its connection after one write.
type lastWords struct{ net.Conn }

func (c *lastWords) Write(p []byte) (int, error) {
	n, _ := c.Conn.Write(p)
	_ = c.Close()
	return n, net.ErrClosed
}

// TestTurns: those under way and those to be begun get their turns alternately, in
// order each.
func TestTurns(t *testing.T) {
	turns := newTurns(1)
	turns.take()
	const n = 100
	got := make(chan int, 3*n)
	for i := range n {
		turns.start(func() { got <- i })
		turns.start(func() { got <- -1 })
		waiting := make(chan struct{})
		turns.resume.add(waiting)
		go func() {
			<-waiting
			got <- n + i
		}()
	}
	var begun, resumed int
	for range 3 * n {
		turns.give()
		switch i := <-got; {
		case i >= n && i-n == resumed:
			resumed++
		case i == begun || i < 0 && begun > 0:
			if i >= 0 {
				begun++
			}
		default:
			t.Fatalf("%d gets its turn after %d begun and %d resumed", i, begun, resumed)
		}
		if d := begun - resumed; resumed < n && d > 1 {
			t.Fatalf("%d have begun, %d were resumed", begun, resumed)
		}
	}
	turns.give()
	if turns.free != 1 || turns.begin.all != nil || turns.resume.all != nil {
		t.Errorf("afterwards: %+v", turns)
	}
}

// TestCallbacksTakeTheirTime: a handshake whose callback waits, or whose peer says
// nothing, keeps no other from going on.
func TestCallbacksTakeTheirTime(t *testing.T) {
	waiting := 4 * runtime.GOMAXPROCS(0)
	var asked sync.WaitGroup
	asked.Add(waiting)
	release := make(chan struct{})
	cfg := Config(&tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked.Done()
		<-release
		return &config().Certificates[0], nil
	}})
	through := make(chan struct{})
	go func() {
		defer close(through)
		handshakeAll(t, waiting, cfg)
	}()
	asked.Wait()
	for range waiting { // they say nothing
		o, client := newPair(t)
		done := o.begin()
		t.Cleanup(func() {
			_ = client.Close()
			<-done
		})
	}
	handshakeAll(t, 1, config())
	close(release)
	<-through
	if Config(nil) != nil || Config(config()) != config() {
		t.Error("a configuration without callbacks is not itself")
	}
}
