package tlsloop

import (
	"crypto"
	"crypto/tls"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
		_ = client.SetDeadline(time.Now().Add(30 * time.Second))
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

// TestFewCompute: no more handshakes compute at once than there are processors.
func TestFewCompute(t *testing.T) {
	cert := config().Certificates[0]
	signer := &busySigner{Signer: cert.PrivateKey.(crypto.Signer)}
	cert.PrivateKey = signer
	handshakeAll(t, 64, &tls.Config{Certificates: []tls.Certificate{cert}})
	if most, cores := signer.most.Load(), runtime.GOMAXPROCS(0); int(most) > cores {
		t.Errorf("%d handshakes computed at once on %d processors", most, cores)
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
