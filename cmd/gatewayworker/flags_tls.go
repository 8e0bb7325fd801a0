package main

import "github.com/urfave/cli/v2"

// tlsFlags are PHP's transport and the ssl context of a Worker.
func tlsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "transport", Category: categoryTLS, Usage: "tcp, or ssl for TLS to clients", Value: "tcp", EnvVars: env("transport")},
		&cli.StringFlag{Name: "ssl-cert", Category: categoryTLS, Usage: "PEM `FILE` with the certificate and its chain (PHP: local_cert)", EnvVars: env("ssl-cert"), TakesFile: true},
		&cli.StringFlag{Name: "ssl-key", Category: categoryTLS, Usage: "PEM `FILE` with the private key; default: the one in ssl-cert (PHP: local_pk)", EnvVars: env("ssl-key"), TakesFile: true},
		&cli.StringFlag{Name: "ssl-client-ca", Category: categoryTLS, Usage: "PEM `FILE`: clients need a certificate of one of these authorities (PHP: cafile with verify_peer)", EnvVars: env("ssl-client-ca"), TakesFile: true},
	}
}

// tlsFilesOf reads tlsFlags, and the files that they name; nil is plain TCP.
func tlsFilesOf(c *cli.Context) (*tlsFiles, error) {
	switch transport := c.String("transport"); transport {
	case "ssl":
	case "tcp":
		for _, name := range []string{"ssl-cert", "ssl-key", "ssl-client-ca"} {
			if c.String(name) != "" {
				return nil, &flagError{name, c.String(name), "needs --transport ssl"}
			}
		}
		return nil, nil
	default:
		return nil, &flagError{"transport", transport, "want tcp or ssl"}
	}
	f := &tlsFiles{cert: c.String("ssl-cert"), key: c.String("ssl-key"), clientCA: c.String("ssl-client-ca")}
	if f.cert == "" {
		return nil, &flagError{"ssl-cert", "", "required by --transport ssl"}
	}
	return f, f.load()
}
