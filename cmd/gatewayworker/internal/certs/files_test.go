package certs

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/certtest"
)

// write puts a certificate for names into a folder, and returns its files.
func write(t *testing.T, dir string, names ...string) Pair {
	t.Helper()
	cert, key := certtest.SelfSigned(t, time.Hour, names...)
	pair := Pair{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	if err := errors.Join(os.WriteFile(pair.Cert, cert, 0o600), os.WriteFile(pair.Key, key, 0o600)); err != nil {
		t.Fatal(err)
	}
	return pair
}

// shown is the first name of the certificate that a client gets which asks for a
// name.
func shown(t *testing.T, s *Server, name string) string {
	t.Helper()
	client, server := net.Pipe()
	defer client.Close()
	go func() {
		_ = tls.Server(server, s.TLS()).Handshake()
		server.Close()
	}()
	c := tls.Client(client, &tls.Config{InsecureSkipVerify: true, ServerName: name})
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if err := c.Handshake(); err != nil {
		t.Fatal(err)
	}
	return c.ConnectionState().PeerCertificates[0].DNSNames[0]
}

func load(t *testing.T, pairs ...Pair) *Server {
	t.Helper()
	l, err := Load(Files{Pairs: pairs})
	if err != nil {
		t.Fatal(err)
	}
	return FromFiles(l)
}

// TestNames: a client gets the certificate for the name that it asks for, and the
// first one otherwise.
func TestNames(t *testing.T) {
	s := load(t, write(t, t.TempDir(), "a.example"), write(t, t.TempDir(), "b.example", "*.b.example"))
	for name, want := range map[string]string{"a.example": "a.example", "b.example": "b.example", "x.b.example": "b.example", "c.example": "a.example", "": "a.example"} {
		if got := shown(t, s, name); got != want {
			t.Errorf("who asks for %q gets %s, want %s", name, got, want)
		}
	}
	if all := s.Certificates(); len(all) != 2 || all[0].Leaf.DNSNames[0] != "a.example" {
		t.Errorf("certificates: %v", all)
	}
}

// TestRefresh: a change is found however the files come: written anew, renamed over
// the old ones, or behind symbolic links that are replaced, as certbot's and
// Kubernetes' are.
func TestRefresh(t *testing.T) {
	dir := t.TempDir()
	pair := write(t, dir, "first.example")
	s := load(t, pair)
	refresh := func(wantChanged bool, wantName string) {
		t.Helper()
		changed, err := s.Refresh()
		if err != nil || changed != wantChanged {
			t.Fatalf("changed: %v, %v", changed, err)
		}
		if got := shown(t, s, ""); got != wantName {
			t.Errorf("%s is shown, want %s", got, wantName)
		}
	}
	refresh(false, "first.example")
	write(t, dir, "second.example")
	refresh(true, "second.example")
	refresh(false, "second.example")

	// Half of a change: the certificate is another one, the key not yet.
	key, err := os.ReadFile(pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "third.example")
	newKey, err := os.ReadFile(pair.Key)
	if err == nil {
		err = os.WriteFile(pair.Key, key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	var bad *FileError
	if changed, err := s.Refresh(); !errors.As(err, &bad) || changed || bad.Path != pair.Cert {
		t.Errorf("half a change: %v, %v", changed, err)
	}
	if got := shown(t, s, ""); got != "second.example" {
		t.Errorf("half a change: %s is shown", got)
	}
	// The other half, renamed into place.
	if err := errors.Join(os.WriteFile(pair.Key+".new", newKey, 0o600), os.Rename(pair.Key+".new", pair.Key)); err != nil {
		t.Fatal(err)
	}
	refresh(true, "third.example")
}

func TestRefreshBehindLinks(t *testing.T) {
	dir := t.TempDir()
	versions := []string{filepath.Join(dir, "..v1"), filepath.Join(dir, "..v2")}
	for i, v := range versions {
		if err := os.Mkdir(v, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, v, []string{"one.example", "two.example"}[i])
	}
	// Kubernetes: FILE -> ..data/FILE, and ..data -> a folder that is replaced.
	data := filepath.Join(dir, "..data")
	if err := os.Symlink(versions[0], data); err != nil {
		t.Skip("no symbolic links:", err)
	}
	pair := Pair{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	if err := errors.Join(os.Symlink(filepath.Join("..data", "cert.pem"), pair.Cert), os.Symlink(filepath.Join("..data", "key.pem"), pair.Key)); err != nil {
		t.Fatal(err)
	}
	s := load(t, pair)
	if err := errors.Join(os.Symlink(versions[1], data+"_tmp"), os.Rename(data+"_tmp", data)); err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Refresh(); err != nil || !changed {
		t.Fatalf("changed: %v, %v", changed, err)
	}
	if got := shown(t, s, ""); got != "two.example" {
		t.Errorf("%s is shown", got)
	}
}

func TestLoadErrors(t *testing.T) {
	good := write(t, t.TempDir(), "a.example")
	for name, test := range map[string]struct {
		files Files
		role  Role
	}{
		"no certificate": {Files{Pairs: []Pair{{Cert: "none.pem"}}}, RoleCert},
		"no key":         {Files{Pairs: []Pair{{good.Cert, "none.pem"}}}, RoleKey},
		"another's key":  {Files{Pairs: []Pair{{good.Cert, write(t, t.TempDir(), "b").Key}}}, RoleCert},
		"no authority":   {Files{Pairs: []Pair{good}, ClientCA: good.Key}, RoleClientCA},
	} {
		_, err := Load(test.files)
		if bad := (*FileError)(nil); !errors.As(err, &bad) || bad.Role != test.role {
			t.Errorf("%s: %v", name, err)
		}
	}
}
