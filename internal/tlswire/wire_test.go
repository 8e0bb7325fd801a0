package tlswire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"
)

// pipe is one end of a connection in memory. What is written goes to the other
// end's mailbox.
type pipe struct {
	out chan<- []byte
}

func (p pipe) Write(record []byte) (int, error) {
	p.out <- append([]byte(nil), record...)
	return len(record), nil
}
func (pipe) LocalAddr() net.Addr  { return &net.TCPAddr{} }
func (pipe) RemoteAddr() net.Addr { return &net.TCPAddr{} }

// TestWire does a handshake and then exchanges messages, byte by byte, without a
// call that waits.
func TestWire(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	toServer, toClient := make(chan []byte, 100), make(chan []byte, 100)
	near, far := &Wire{Peer: pipe{toServer}}, &Wire{Peer: pipe{toClient}}
	client := tls.Client(near, &tls.Config{InsecureSkipVerify: true})
	server := tls.Server(far, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}})
	waitFor := func(w *Wire, mailbox <-chan []byte) {
		w.Wait = func(p []byte) (int, error) {
			w.Hand(<-mailbox)
			return w.Read(p)
		}
	}
	waitFor(near, toClient)
	waitFor(far, toServer)
	shaken := make(chan error, 1)
	go func() { shaken <- server.Handshake() }()
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	near.Wait, far.Wait = nil, nil

	const message = "hello"
	if _, err := client.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	record := <-toServer
	p := make([]byte, 100)
	for i := range record {
		if n, err := server.Read(p); n != 0 || !errors.Is(err, ErrLater) {
			t.Fatalf("after %d of %d bytes: Read = %d, %v, want ErrLater", i, len(record), n, err)
		}
		far.Hand(record[i : i+1])
	}
	if n, err := server.Read(p); string(p[:n]) != message || err != nil {
		t.Errorf("Read = %q, %v", p[:n], err)
	}
	if len(far.Left()) != 0 {
		t.Errorf("%d bytes are left", len(far.Left()))
	}
}
