package connect

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"
)

// Options are what the flags say.
type Options struct {
	Address string
	Secure  bool // TLS for text, frame and tcp

	Header       http.Header // of the request for a websocket
	Subprotocols []string
	Binary       bool // send binary messages
	Compress     bool // offer permessage-deflate

	Insecure  bool   // take any certificate
	CA        string // file of authorities; "" is the system's
	Cert, Key string // files of the client's certificate
	SNI       string // the name to ask for and to find in the certificate; "" is the host

	Send    []string
	Expect  []*regexp.Regexp // one after the other, each in some message
	Typed   bool             // read lines to send from Stdin
	Timeout time.Duration    // for connecting, and for all that is expected; 0 is for ever
	Wait    time.Duration    // for messages, when all was sent and nothing is expected

	Raw bool // show messages alone

	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Color          bool
}

// tlsConfig reads the files.
func (o *Options) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: o.Insecure, ServerName: o.SNI}
	if o.CA != "" {
		text, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca %q: no certificate in it", o.CA)
		}
	}
	if o.Cert != "" {
		key := o.Key
		if key == "" {
			key = o.Cert
		}
		cert, err := tls.LoadX509KeyPair(o.Cert, key)
		if err != nil {
			return nil, fmt.Errorf("--cert: %w", err)
		}
		config.Certificates = []tls.Certificate{cert}
	}
	return config, nil
}

// Check reports whether the address can be one.
func (o *Options) Check() error {
	_, err := parseAddress(o.Address, o.Secure)
	return err
}

// ErrExpected says that a message that was expected did not come.
var ErrExpected = errors.New("not all that was expected came")
