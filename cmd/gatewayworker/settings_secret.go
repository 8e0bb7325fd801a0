package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
)

// secretKeyFlags are the key that all parts of the cluster share, in one form or
// the other.
func secretKeyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "secret-key", Category: categoryCluster, Usage: "`KEY` that all parts of the cluster share", EnvVars: env("secret-key")},
		&cli.StringFlag{Name: "secret-key-file", Category: categoryCluster, Usage: "`FILE` that has the key, in place of secret-key; the end of its last line is no part of it", EnvVars: env("secret-key-file"), TakesFile: true},
	}
}

// maxSecret bounds a file that holds a secret, in bytes.
const maxSecret = 4 << 10

// readSecrets sets secret-key to what is in secret-key-file, unless the key itself
// comes from a place that outranks the file's name.
func (s *scope) readSecrets(set *flag.FlagSet, ranks map[string]rank) error {
	const key, file = "secret-key", "secret-key-file"
	if set.Lookup(file) == nil || ranks[file] == rankDefault || s.String(file) == "" || ranks[key] > ranks[file] {
		return nil
	}
	if ranks[key] == ranks[file] && s.String(key) != "" {
		return s.blame(&flagError{file, s.String(file), "secret-key is set too; leave out one of them"})
	}
	text, err := readSecret(s.String(file))
	if err != nil {
		return s.blame(&flagError{file, s.String(file), err.Error()})
	}
	return set.Set(key, text)
}

// secretKeyOf is the key that secretKeyFlags give a command without a
// configuration file.
func secretKeyOf(c *cli.Context) (string, error) {
	key, file := c.String("secret-key"), c.String("secret-key-file")
	switch {
	case file == "":
		return key, nil
	case key != "":
		return "", &flagError{"secret-key-file", file, "secret-key is set too; leave out one of them"}
	}
	key, err := readSecret(file)
	if err != nil {
		return "", &flagError{"secret-key-file", file, err.Error()}
	}
	return key, nil
}

// readSecret returns the secret in a file, without the end of its last line.
func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxSecret:
		return "", fmt.Errorf("more than %d bytes, which is no secret", maxSecret)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", errors.New("the file is empty")
	}
	return secret, nil
}
