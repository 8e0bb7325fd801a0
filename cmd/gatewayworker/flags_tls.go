package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/certs"
)

// tlsFlags are PHP's transport and the ssl context of a Worker, and whence
// certificates come otherwise.
func tlsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "transport", Category: categoryTLS, Usage: "tcp, or ssl for TLS to clients", Value: "tcp", EnvVars: env("transport")},
		&cli.StringSliceFlag{Name: "ssl-cert", Category: categoryTLS, Usage: "PEM `FILE` with the certificate and its chain (PHP: local_cert); repeat it for several, of which clients get the one for the name that they ask for", EnvVars: env("ssl-cert"), TakesFile: true},
		&cli.StringSliceFlag{Name: "ssl-key", Category: categoryTLS, Usage: "PEM `FILE` with the private key; default: the one in ssl-cert (PHP: local_pk); one for each ssl-cert, in order", EnvVars: env("ssl-key"), TakesFile: true},
		&cli.StringFlag{Name: "ssl-client-ca", Category: categoryTLS, Usage: "PEM `FILE`: clients need a certificate of one of these authorities (PHP: cafile with verify_peer)", EnvVars: env("ssl-client-ca"), TakesFile: true},
		&cli.StringSliceFlag{Name: "acme-domain", Category: categoryTLS, Usage: "`NAME` for which a certificate is obtained, and renewed, by ACME, in place of ssl-cert; repeat it for several", EnvVars: env("acme-domain")},
		&cli.StringFlag{Name: "acme-cache", Category: categoryTLS, Usage: "`FOLDER` that keeps what was obtained by ACME; required with acme-domain", EnvVars: env("acme-cache")},
		&cli.StringFlag{Name: "acme-email", Category: categoryTLS, Usage: "`ADDRESS` to which the ACME authority may write", EnvVars: env("acme-email")},
		&cli.StringFlag{Name: "acme-directory", Category: categoryTLS, Usage: "`URL` of the ACME authority (default: Let's Encrypt)", EnvVars: env("acme-directory")},
		&cli.StringFlag{Name: "acme-ca", Category: categoryTLS, Usage: "PEM `FILE` of authorities that acme-directory's own certificate may come from, for an authority of one's own", EnvVars: env("acme-ca"), TakesFile: true},
		&cli.StringFlag{Name: "acme-http-listen", Category: categoryTLS, Usage: "`HOST:PORT` that answers the ACME authority's question (http-01), which it asks at port 80; without it, it is answered at port 443 (tls-alpn-01)", EnvVars: env("acme-http-listen")},
	}
}

// tlsWatchFlag is how often the files of TLS are looked at.
func tlsWatchFlag() cli.Flag {
	return secondsFlag("ssl-watch", categoryTLS, "between looks at the files of TLS, which are read again when they have changed: seconds or a duration; 0 is at a reload alone", 10*time.Second)
}

// relayTimeFlag is how long a process that another one has taken over goes on for its
// clients under TLS.
func relayTimeFlag() cli.Flag {
	return secondsFlag("upgrade-relay-time", categoryTLS, "after an upgrade, how long the process before goes on for the clients that came to it under TLS; those that are still there then are closed, over ten seconds: seconds or a duration; 0 is until they leave", 0)
}

// certificatesOf reads tlsFlags, and the files that they name; nil is plain TCP.
func certificatesOf(c *cli.Context) (*certs.Server, error) {
	switch transport := c.String("transport"); transport {
	case "ssl":
	case "tcp":
		for _, name := range []string{"ssl-cert", "ssl-key", "acme-domain"} {
			if all := c.StringSlice(name); len(all) > 0 {
				return nil, &flagError{name, all[0], "needs --transport ssl"}
			}
		}
		if ca := c.String("ssl-client-ca"); ca != "" {
			return nil, &flagError{"ssl-client-ca", ca, "needs --transport ssl"}
		}
		return nil, nil
	default:
		return nil, &flagError{"transport", transport, "want tcp or ssl"}
	}
	files := certs.Files{ClientCA: c.String("ssl-client-ca")}
	paths, keys := c.StringSlice("ssl-cert"), c.StringSlice("ssl-key")
	domains := c.StringSlice("acme-domain")
	switch {
	case len(domains) > 0 && len(paths) > 0:
		return nil, &flagError{"acme-domain", domains[0], "ssl-cert is set too; leave out one of them"}
	case len(domains) == 0 && len(paths) == 0:
		return nil, &flagError{"ssl-cert", "", "required by --transport ssl, or acme-domain"}
	case len(keys) > 0 && len(keys) != len(paths):
		return nil, &flagError{"ssl-key", keys[0], fmt.Sprintf("there are %d of them, and %d ssl-cert; give one for each, or none", len(keys), len(paths))}
	}
	for i, path := range paths {
		pair := certs.Pair{Cert: path}
		if len(keys) > 0 {
			pair.Key = keys[i]
		}
		files.Pairs = append(files.Pairs, pair)
	}
	loaded, err := certs.Load(files)
	if err != nil {
		return nil, certificateError(err)
	}
	if len(domains) == 0 {
		return certs.FromFiles(loaded), nil
	}
	a, err := acmeOf(c, domains)
	if err != nil {
		return nil, err
	}
	return certs.FromACME(a, loaded), nil
}

// acmeOf reads the flags of ACME.
func acmeOf(c *cli.Context, domains []string) (*certs.ACME, error) {
	if c.String("acme-cache") == "" {
		return nil, &flagError{"acme-cache", "", "required by acme-domain: without it every start would ask for new certificates, and authorities refuse that soon"}
	}
	a, err := certs.NewACME(certs.ACMEOptions{
		Domains: domains, Cache: c.String("acme-cache"), Email: c.String("acme-email"),
		Directory: c.String("acme-directory"), CA: c.String("acme-ca"),
	})
	if err != nil {
		return nil, &flagError{"acme-ca", c.String("acme-ca"), err.Error()}
	}
	return a, nil
}

// certificateError names the flag behind a file that cannot be used.
func certificateError(err error) error {
	file, ok := errors.AsType[*certs.FileError](err)
	if !ok {
		return err
	}
	flag := map[certs.Role]string{certs.RoleCert: "ssl-cert", certs.RoleKey: "ssl-key", certs.RoleClientCA: "ssl-client-ca"}[file.Role]
	return &flagError{flag, file.Path, file.Err.Error()}
}
