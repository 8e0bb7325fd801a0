package certs

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
	"sync/atomic"
)

// Pair is a certificate with its chain, and the key, in PEM files.
type Pair struct {
	Cert string
	Key  string // "" is in Cert
}

// Files are the files behind a server.
type Files struct {
	Pairs    []Pair // the first one is for clients that ask for no name, or another
	ClientCA string // clients need a certificate of one of its authorities; "" is none
}

// Role says what a file is for.
type Role int

// The roles of files.
const (
	RoleCert Role = iota
	RoleKey
	RoleClientCA
)

// FileError is a file that cannot be used.
type FileError struct {
	Role Role
	Path string
	Err  error
}

func (e *FileError) Error() string { return e.Path + ": " + e.Err.Error() }
func (e *FileError) Unwrap() error { return e.Err }

// Loaded is what was in files when they were read.
type Loaded struct {
	Files
	config *tls.Config
	sum    string // of the contents
}

// Load reads files. Its error is a *FileError.
func Load(f Files) (*Loaded, error) {
	l := &Loaded{Files: f, config: new(tls.Config)}
	sum := sha256.New()
	for _, pair := range f.Pairs {
		cert, err := loadPair(pair, sum)
		if err != nil {
			return nil, err
		}
		l.config.Certificates = append(l.config.Certificates, cert)
	}
	if f.ClientCA != "" {
		authorities, err := readInto(sum, f.ClientCA)
		if err != nil {
			return nil, &FileError{RoleClientCA, f.ClientCA, err}
		}
		l.config.ClientCAs = x509.NewCertPool()
		if !l.config.ClientCAs.AppendCertsFromPEM(authorities) {
			return nil, &FileError{RoleClientCA, f.ClientCA, errors.New("no certificate in it")}
		}
		l.config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	l.sum = string(sum.Sum(nil))
	return l, nil
}

func loadPair(pair Pair, sum hash.Hash) (tls.Certificate, error) {
	certPEM, err := readInto(sum, pair.Cert)
	if err != nil {
		return tls.Certificate{}, &FileError{RoleCert, pair.Cert, err}
	}
	keyPEM := certPEM
	if pair.Key != "" {
		if keyPEM, err = readInto(sum, pair.Key); err != nil {
			return tls.Certificate{}, &FileError{RoleKey, pair.Key, err}
		}
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		if pair.Key != "" {
			err = fmt.Errorf("%w (with the key in %s)", err, pair.Key)
		}
		return tls.Certificate{}, &FileError{RoleCert, pair.Cert, err}
	}
	return cert, nil
}

// maxFile bounds a file, in bytes.
const maxFile = 4 << 20

// readInto reads a file, and adds its contents to a sum.
func readInto(sum hash.Hash, path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	fmt.Fprintf(sum, "%d:", len(text))
	sum.Write(text)
	return text, err
}

// Server is the certificates of one server. Connections get what it holds when
// they come.
type Server struct {
	current atomic.Pointer[Loaded]
	acme    *ACME // nil for files
	config  *tls.Config
}

// FromFiles returns a Server with what was read.
func FromFiles(l *Loaded) *Server {
	s := new(Server)
	s.current.Store(l)
	// Resuming sessions works by the keys in this configuration, which stays:
	// clients can resume sessions from before a change.
	s.config = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		return s.current.Load().config, nil
	}}
	return s
}

// FromACME returns a Server with the certificates that a obtains. ca may name
// authorities of clients, and nothing else.
func FromACME(a *ACME, ca *Loaded) *Server {
	s := &Server{acme: a}
	s.current.Store(ca)
	s.config = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		return a.configFor(hello, s.current.Load().config), nil
	}}
	return s
}

// TLS returns the configuration of the server, always the same.
func (s *Server) TLS() *tls.Config { return s.config }

// Loaded returns what is in use.
func (s *Server) Loaded() *Loaded { return s.current.Load() }

// ACME returns what obtains the certificates, nil if they are files.
func (s *Server) ACME() *ACME { return s.acme }

// Adopt puts what was read into use, for connections from now on.
func (s *Server) Adopt(l *Loaded) { s.current.Store(l) }

// Refresh reads the files again, and puts them into use if their contents are
// others. If they cannot be used nothing changes: a file may be half written.
func (s *Server) Refresh() (changed bool, err error) {
	was := s.current.Load()
	now, err := Load(was.Files)
	if err != nil || now.sum == was.sum {
		return false, err
	}
	return s.current.CompareAndSwap(was, now), nil
}

// Certificate is a certificate in use.
type Certificate struct {
	Name string // its file, or the name that it was obtained for
	Leaf *x509.Certificate
}

// Certificates returns those in use. Of ACME they are those that were obtained, or
// found in its cache, since the start.
func (s *Server) Certificates() []Certificate {
	if s.acme != nil {
		return s.acme.certificates()
	}
	l := s.current.Load()
	var all []Certificate
	for i, c := range l.config.Certificates {
		if c.Leaf != nil {
			all = append(all, Certificate{l.Pairs[i].Cert, c.Leaf})
		}
	}
	return all
}

// Same reports whether two lists of files are the same.
func (f Files) Same(other Files) bool {
	return f.ClientCA == other.ClientCA && slices.Equal(f.Pairs, other.Pairs)
}
