package translate

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"
)

// Config is a configuration file with all the servers, for the command that it
// also returns: start, gateway or register.
func Config(servers []*Server, table []cli.Flag) (text, command string, err error) {
	var registers, gateways []*Server
	for _, s := range servers {
		if s.Command == "register" {
			registers = append(registers, s)
		} else {
			gateways = append(gateways, s)
		}
	}
	command = "start"
	switch {
	case len(registers) > 1:
		return "", "", errors.New("one process has one Register: import the files of each by themselves")
	case len(registers) == 0:
		command = "gateway"
	case len(gateways) == 0:
		command = "register"
	}
	var b strings.Builder
	keys := map[string]bool{}
	for _, s := range servers {
		for _, o := range s.Options {
			if o.Secret && !keys[o.Value] {
				keys[o.Value] = true
				if len(keys) > 1 {
					return "", "", errors.New("the servers have different secret keys: import the files of each by themselves")
				}
				fmt.Fprintf(&b, "secret-key: %s    # better: secret-key-file\n", yamlText(o.Value))
			}
		}
	}
	for _, s := range registers {
		for _, o := range s.Options {
			if o.Flag == "listen" {
				fmt.Fprintf(&b, "# %s: %s\nregister-listen: %s\n", s.Place, s.PHP, yamlText(o.Value))
			}
		}
	}
	if command == "start" {
		b.WriteString("chat: false\n")
	}
	if len(gateways) == 1 {
		writeGateway(&b, gateways[0], table, "", "")
	} else if len(gateways) > 1 {
		b.WriteString("gateways:\n")
		for _, s := range gateways {
			writeGateway(&b, s, table, "  - ", "    ")
		}
	}
	return b.String(), command, nil
}

// writeGateway writes the options of a gateway, first in front of the first line.
func writeGateway(b *strings.Builder, s *Server, table []cli.Flag, first, indent string) {
	fmt.Fprintf(b, "%s# %s: %s\n", indent, s.Place, s.PHP)
	lists := map[string][]string{}
	for _, o := range s.Options {
		if o.Flag == "register-address" {
			lists[o.Flag] = append(lists[o.Flag], yamlText(o.Value))
		}
	}
	for _, o := range s.sorted(table) {
		value := yamlText(o.Value)
		switch {
		case o.Secret, isDefault(table, o) && o.Flag != "listen" && o.Flag != "start-port":
			continue
		case o.Flag == "register-address":
			if lists[o.Flag] == nil {
				continue // written with the first of them
			}
			value = "[" + strings.Join(lists[o.Flag], ", ") + "]"
			delete(lists, o.Flag)
		}
		fmt.Fprintf(b, "%s%s: %s\n", first, o.Flag, value)
		first = indent
	}
}

var plainYAML = regexp.MustCompile(`^([a-z]+://[0-9.]+:\d+|[0-9.]+:\d+|\d+(\.\d+)?|true|/[\w./-]*|[a-z]+)$`)

// yamlText is a value as it may stand in a list, too: JSON's strings are YAML's.
func yamlText(s string) string {
	if plainYAML.MatchString(s) {
		return s
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(s) != nil {
		return `""`
	}
	return strings.TrimSpace(b.String())
}
