package tlsscan

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m, nil)) }

// Ciphers by what is said of them. The certificate is an RSA one, so that those
// with RSA key exchange, which ROBOT is about, could be taken.
var (
	forwardAEAD = []uint16{0xc02f, 0xc030, 0xcca8} // ECDHE-RSA with AES-GCM and ChaCha20
	tls13Suites = []uint16{0x1301, 0x1302, 0x1303}
	ecdheCBC    = []uint16{0xc013, 0xc014, 0xc027, 0xc028}
	dhe         = []uint16{0x0033, 0x0039, 0x0067, 0x006b, 0x009e, 0x009f, 0xccaa}
	rsaExchange = []uint16{0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d}
	tripleDES   = []uint16{0x000a, 0x0016, 0xc012}
	rc4         = []uint16{0x0004, 0x0005, 0xc011}
	null        = []uint16{0x0000, 0x0001, 0x0002, 0x003b, 0xc010}
	export      = []uint16{0x0003, 0x0006, 0x0008, 0x0014, 0x0062, 0x0064}
	anonymous   = []uint16{0x0018, 0x001a, 0x0034, 0x003a, 0x006c, 0x00a6, 0xc018}
)

var everyOld = slices.Concat(forwardAEAD, ecdheCBC, dhe, rsaExchange, tripleDES, rc4)

// finding is what a scanner says of one property.
type finding struct{ property, is string }

// want is what a scan of this project's gateway finds.
var want = []finding{
	{"SSL 3.0", "refused"},
	{"TLS 1.0", "refused"},
	{"TLS 1.1", "refused"},
	{"TLS 1.2", "taken"},
	{"TLS 1.3", "taken"},
	{"TLS 1.2: ECDHE with AES-GCM, ChaCha20", "c02f c030 cca8"},
	{"TLS 1.2: ECDHE with AES-CBC", "c013 c014"},
	{"TLS 1.2: finite field DHE (Logjam, Raccoon)", "none"},
	{"TLS 1.2: RSA key exchange (ROBOT), no forward secrecy", "none"},
	{"TLS 1.2: triple DES (Sweet32)", "none"},
	{"TLS 1.2: RC4", "none"},
	{"TLS 1.2: no encryption", "none"},
	{"TLS 1.2: export ciphers (FREAK)", "none"},
	{"TLS 1.2: no authentication", "none"},
	{"TLS 1.3 ciphers", "1301 1302 1303"},
	{"compression (CRIME)", "not used"},
	{"secure renegotiation", "indicated"},
	{"renegotiation by the client", "refused"},
	{"fallback with TLS_FALLBACK_SCSV (POODLE)", "refused"},
	{"extended master secret", "used"},
	{"session tickets in TLS 1.2", "offered"},
	{"resumption in TLS 1.3", "works"},
	{"ALPN http/1.1", "no answer"},
	{"unknown server name", "served"},
	{"OCSP staple", "none"},
	{"heartbeat extension (Heartbleed)", "not used"},
	{"heartbeat record before the handshake", "refused"},
	{"record of 65,535 bytes", "refused"},
	{"hello in records of one byte", "served"},
	{"a thousand empty records", "refused"},
	{"plain HTTP", "refused"},
}

// TestScan scans this project's gateway, and PHP's where it is.
func TestScan(t *testing.T) {
	cert, key := certificate(t)
	clustertest.Each(t, clustertest.Options{Cert: cert, Key: key}, func(t *testing.T, c *clustertest.Cluster) {
		g := c.Gateways[0]
		w := g.ConnectWorker(t, "w:0")
		go func() {
			for range w.Events { // until the test is over
			}
		}()
		got := scan(t, g.ClientAddr)
		if len(got) != len(want) {
			t.Fatalf("%d findings, want %d", len(got), len(want))
		}
		for i, f := range got {
			t.Logf("%-55s %s", f.property, f.is)
			switch {
			case f == want[i] || f.is == notTried:
			case c.Peer == clustertest.Go:
				t.Errorf("%s: %s, want %s", f.property, f.is, want[i].is)
			default:
				t.Logf("DIFFERENCE: %s: PHP's %s, this project's %s", f.property, f.is, want[i].is)
			}
		}
	})
}

const notTried = "not tried: no openssl"

// certificate writes one with an RSA key.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gateway.test"}, DNSNames: []string{"gateway.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: der},
		keyFile:  {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// scanner looks at one address.
type scanner struct {
	t       *testing.T
	address string
	found   []finding
}

func (s *scanner) note(property, is string) { s.found = append(s.found, finding{property, is}) }

func (s *scanner) ask(h hello) answer { return s.send(h.record()) }

func (s *scanner) send(b []byte) answer {
	s.t.Helper()
	a, err := ask(s.address, b)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// whether returns one of two words.
func whether(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

// taken returns those of the ciphers that the server takes.
func (s *scanner) taken(version uint16, ciphers []uint16) string {
	s.t.Helper()
	var out []string
	for _, c := range ciphers {
		if a := s.ask(hello{version: version, ciphers: []uint16{c}}); !a.refused() && a.cipher == c {
			out = append(out, fmt.Sprintf("%04x", c))
		}
	}
	return whether(len(out) > 0, strings.Join(out, " "), "none")
}

func scan(t *testing.T, address string) []finding {
	s := &scanner{t: t, address: address}
	for _, v := range []struct {
		name    string
		version uint16
		ciphers []uint16
	}{
		{"SSL 3.0", ssl30, everyOld}, {"TLS 1.0", tls10, everyOld}, {"TLS 1.1", tls11, everyOld},
		{"TLS 1.2", tls12, everyOld}, {"TLS 1.3", tls13, tls13Suites},
	} {
		a := s.ask(hello{version: v.version, ciphers: v.ciphers})
		s.note(v.name, whether(!a.refused() && a.version == v.version, "taken", "refused"))
	}
	for _, group := range []struct {
		name    string
		ciphers []uint16
	}{
		{"ECDHE with AES-GCM, ChaCha20", forwardAEAD}, {"ECDHE with AES-CBC", ecdheCBC},
		{"finite field DHE (Logjam, Raccoon)", dhe}, {"RSA key exchange (ROBOT), no forward secrecy", rsaExchange},
		{"triple DES (Sweet32)", tripleDES}, {"RC4", rc4}, {"no encryption", null}, {"export ciphers (FREAK)", export},
		{"no authentication", anonymous},
	} {
		s.note("TLS 1.2: "+group.name, s.taken(tls12, group.ciphers))
	}
	s.note("TLS 1.3 ciphers", s.taken(tls13, tls13Suites))

	usual := hello{version: tls12, ciphers: forwardAEAD, compression: []byte{1, 0}, more: map[uint16][]byte{
		0xff01: {0}, // renegotiation
		23:     {},  // extended master secret
		35:     {},  // session ticket
		16:     vector(2, vector(1, []byte("http/1.1"))),
		0:      vector(2, append([]byte{0}, vector(2, []byte("nobody.test"))...)),
		5:      {1, 0, 0, 0, 0}, // OCSP
		15:     {1},             // heartbeat
	}}
	a := s.ask(usual)
	has := func(extension uint16, yes, no string) string {
		_, ok := a.extensions[extension]
		return whether(ok, yes, no)
	}
	s.note("compression (CRIME)", whether(!a.refused() && a.compression == 0, "not used", "used"))
	s.note("secure renegotiation", has(0xff01, "indicated", "not indicated"))
	s.note("renegotiation by the client", s.renegotiation())
	lower := hello{version: tls12, ciphers: append([]uint16{0x5600}, forwardAEAD...)}
	s.note("fallback with TLS_FALLBACK_SCSV (POODLE)", whether(s.ask(lower).alert == 86, "refused", "not refused"))
	s.note("extended master secret", has(23, "used", "not used"))
	s.note("session tickets in TLS 1.2", has(35, "offered", "not offered"))
	s.note("resumption in TLS 1.3", whether(s.resumes(), "works", "does not work"))
	s.note("ALPN http/1.1", has(16, "answered", "no answer"))
	s.note("unknown server name", whether(!a.refused(), "served", "refused"))
	s.note("OCSP staple", whether(slices.Contains(a.messages, 22), "sent", "none"))
	s.note("heartbeat extension (Heartbleed)", has(15, "used", "not used"))
	heartbeat := []byte{24, 3, 2, 0, 3, 1, 0x40, 0}
	s.note("heartbeat record before the handshake", whether(s.send(heartbeat).refused(), "refused", "answered"))
	long := append([]byte{22, 3, 1, 0xff, 0xff}, make([]byte, 65535)...)
	s.note("record of 65,535 bytes", whether(s.send(long).refused(), "refused", "read"))
	var tiny []byte
	for _, b := range usual.record()[5:] {
		tiny = append(tiny, 22, 3, 1, 0, 1, b)
	}
	s.note("hello in records of one byte", whether(!s.send(tiny).refused(), "served", "refused"))
	s.note("a thousand empty records", whether(s.send(bytes.Repeat([]byte{22, 3, 1, 0, 0}, 1000)).refused(), "refused", "read"))
	s.note("plain HTTP", s.http())
	return s.found
}

// http sends a request in clear. An alert, which is no HTTP either, may come.
func (s *scanner) http() string {
	s.t.Helper()
	a, err := ask(s.address, []byte("GET / HTTP/1.1\r\nHost: gateway.test\r\n\r\n"))
	if err != nil {
		return "answered: " + err.Error()
	}
	return whether(a.refused(), "refused", "answered")
}

// resumes reports whether a second connection goes on with the first one's session.
func (s *scanner) resumes() bool {
	s.t.Helper()
	config := &tls.Config{
		InsecureSkipVerify: true, ServerName: "gateway.test", MinVersion: tls.VersionTLS13, ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	for i := range 2 {
		conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", s.address, config)
		if err != nil {
			s.t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		if i == 1 {
			resumed := conn.ConnectionState().DidResume
			conn.Close()
			return resumed
		}
		// The ticket comes after the handshake, before the answer to a request.
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		_, _ = conn.Read(make([]byte, 1))
		conn.Close()
	}
	return false
}

// renegotiation has openssl ask for one: its R on a line of its own.
func (s *scanner) renegotiation() string {
	s.t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		s.t.Logf("SKIPPED: renegotiation: %v", err)
		return notTried
	}
	cmd := exec.Command("openssl", "s_client", "-connect", s.address, "-tls1_2", "-legacy_renegotiation")
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	kill := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_, _ = in.Write([]byte("R\n"))
	err = cmd.Wait() // a refusal ends it with an error
	in.Close()
	text := out.String()
	switch {
	case !strings.Contains(text, "RENEGOTIATING"):
		s.t.Fatalf("openssl does not ask: %v\n%s", err, text)
	case strings.Contains(text, "no renegotiation"), strings.Contains(text, "alert"), strings.Contains(text, "unexpected eof"):
		return "refused"
	}
	return fmt.Sprintf("not refused (%v)", err)
}
