package translate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// CommandLine is the command of a server, for a shell. Options that have the
// flag's default anyway are left out, but those that tell servers apart. They
// stand in the order of the table.
func CommandLine(program string, s *Server, table []cli.Flag) string {
	line := program + " " + s.Command
	for _, o := range s.sorted(table) {
		switch {
		case o.Secret:
			line = "GATEWAYWORKER_SECRET_KEY=" + quote(o.Value) + " " + line
		case o.Value == "true" && o.Flag == "binary-frames":
			line += " \\\n    --" + o.Flag
		case isDefault(table, o) && o.Flag != "listen" && o.Flag != "start-port":
		default:
			line += " \\\n    --" + o.Flag + " " + quote(o.Value)
		}
	}
	return line
}

// sorted are the options in the order of the table.
func (s *Server) sorted(table []cli.Flag) []Option {
	at := func(o Option) int {
		return slices.IndexFunc(table, func(f cli.Flag) bool { return f.Names()[0] == o.Flag })
	}
	options := slices.Clone(s.Options)
	slices.SortStableFunc(options, func(a, b Option) int { return cmp.Compare(at(a), at(b)) })
	return options
}

// isDefault reports whether a flag has the value without being given.
func isDefault(table []cli.Flag, o Option) bool {
	for _, f := range table {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok || f.Names()[0] != o.Flag {
			continue
		}
		if _, ok := f.(*cli.GenericFlag); ok { // seconds: 0s
			return strings.TrimSuffix(d.GetValue(), "s") == strings.TrimSuffix(o.Value, "s")
		}
		return d.GetValue() == o.Value
	}
	return false
}

// quote is text as a shell's word.
func quote(text string) string {
	plain := text != "" && strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.,:/@%+=[]", r))
	}) < 0
	if plain && !strings.ContainsAny(text, "[]") {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
