package tlsloop

import (
	"crypto/tls"
	"runtime"
)

// turns lets so many handshakes compute at a time: each takes some tenths of a
// millisecond, and a thousand that want to at once would keep the goroutines that
// serve all others waiting for as many tenths. One that waits for its peer, or for
// what the program does in a callback, has no turn.
type turns chan struct{}

// computing are the turns of all handshakes of the program.
var computing = make(turns, runtime.GOMAXPROCS(0))

func (t turns) take() { t <- struct{}{} }
func (t turns) give() { <-t }

// Config returns what handshakes are to be made with in place of cfg: the same,
// but that the callbacks which choose a certificate may take their time, such as
// to ask another program. nil stays nil.
func Config(cfg *tls.Config) *tls.Config {
	if cfg == nil || cfg.GetCertificate == nil && cfg.GetConfigForClient == nil {
		return cfg
	}
	out := cfg.Clone()
	if f := cfg.GetCertificate; f != nil {
		out.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			computing.give()
			defer computing.take()
			return f(hello)
		}
	}
	if f := cfg.GetConfigForClient; f != nil {
		out.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			computing.give()
			defer computing.take()
			return f(hello)
		}
	}
	return out
}
