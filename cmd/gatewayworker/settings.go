package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/config"
)

// One table of options drives all: the flags of a command. An option's environment
// variable is its flag's, and its key in the configuration file is that variable's
// name in small letters (see keyOf), so that a flag that is added is a key as well.

// settings are what a command that serves is told by its file, its environment
// and its flags, of which each outranks the one before.
type settings struct {
	file     string   // path, "" for none
	process  *scope   // of all that is not one gateway's
	gateways []*scope // one for each; without a list in the file the one of process
}

// scope is the options of the process, of one gateway, or of one listener of it.
type scope struct {
	*cli.Context
	name      string                  // "", gateways[0] or gateways[0].listeners[0], for errors
	title     string                  // the name that the file gives a gateway, "" for none
	from      map[string]config.Value // what of the file is in force, by flag
	listeners []*scope                // of a gateway, beside its first
}

// rank is where the value of an option comes from; the higher one wins.
type rank int

const (
	rankDefault rank = iota
	rankFile         // the top of the file, or a section around this one
	rankSection      // the section itself
	rankTyped        // environment variables and flags
)

// loadSettings reads the file that --config names, if any, below what c has from
// the environment and from flags. c stays as it is: it can be read again.
func loadSettings(c *cli.Context) (*settings, error) {
	s := &settings{file: c.String("config")}
	file := new(config.File)
	if s.file != "" {
		var err error
		if file, err = config.Load(s.file, fileSchema()); err != nil {
			return nil, &codedError{exitUsage, err}
		}
	}
	var err error
	if s.process, err = newScope(c, "", file.Top); err != nil {
		return nil, err
	}
	if file.Gateways == nil || !slices.Contains(flagNames(c.Command.Flags), "start-port") {
		s.gateways = []*scope{s.process} // one, or a command that has none
		return s, nil
	}
	for i, section := range file.Gateways {
		if err := checkOwn(c, section, len(file.Gateways)); err != nil {
			return nil, err
		}
		g, err := newScope(c, section.Name, section, file.Top)
		if err != nil {
			return nil, err
		}
		if v, ok := section.Value(config.NameKey); ok {
			g.title = strings.Join(v.Texts, ",")
		}
		if err := g.spreadStartPort(section, i); err != nil {
			return nil, err
		}
		for _, l := range section.Listeners {
			ls, err := newListenerScope(c, l)
			if err != nil {
				return nil, err
			}
			g.listeners = append(g.listeners, ls)
		}
		s.gateways = append(s.gateways, g)
	}
	return s, nil
}

// own are the options that several gateways cannot share, and that those of the
// list therefore have to themselves: no flag or variable can stand for all of them.
var own = []string{"listen", "start-port"}

// checkOwn refuses a gateway without an address, and flags that would give several
// gateways one address.
func checkOwn(c *cli.Context, section config.Section, gateways int) error {
	if _, ok := section.Value("listen"); !ok {
		return usageFault(fmt.Sprintf("%s:%d: %s: listen is missing: each gateway of the list has an address of its own", c.String("config"), section.Line, section.Name))
	}
	for _, name := range own {
		if c.IsSet(name) && gateways > 1 {
			return &flagError{name, fmt.Sprint(c.Value(name)), "cannot stand for the " + fmt.Sprint(gateways) + " gateways of " + c.String("config") + "; set it in the file"}
		}
	}
	return nil
}

// keyOf is the key of a flag in a file, "" for one that has none: the same for all
// commands, as its variable is.
func keyOf(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok || len(d.GetEnvVars()) == 0 || slices.Contains(notInFiles, f.Names()[0]) {
		return ""
	}
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(d.GetEnvVars()[0], envPrefix)), "_", "-")
}

// notInFiles are flags that make no sense in a file.
var notInFiles = []string{"config", "workerman"}

// servingCommands are those that a file is for.
func servingCommands() []*cli.Command {
	return []*cli.Command{startCommand(), gatewayCommand(), registerCommand()}
}

// fileSchema is what a file may hold: the options of every command that serves, so
// that one file suits all.
func fileSchema() config.Schema {
	schema := config.Schema{Similar: similar, Listener: listenerOptions()}
	for _, f := range gatewayFlags("") {
		schema.Gateway = append(schema.Gateway, keyOf(f))
	}
	for _, command := range servingCommands() {
		for _, f := range command.Flags {
			if key := keyOf(f); key != "" && !slices.Contains(schema.Gateway, key) && !slices.Contains(schema.Process, key) {
				schema.Process = append(schema.Process, key)
			}
		}
	}
	return schema
}

// listenerOptions are the options that each listener of a gateway has to itself.
func listenerOptions() []string {
	keys := []string{"listen", "binary-frames"}
	for _, f := range tlsFlags() {
		keys = append(keys, keyOf(f))
	}
	return keys
}

// freshFlags returns the flags of c's command as nobody has set them.
func freshFlags(c *cli.Context) []cli.Flag {
	for _, command := range newApp().Commands {
		if command.Name == c.Command.Name {
			return command.Flags
		}
	}
	return c.Command.Flags
}

// newScope lays what c has from environment and flags over sections of the file,
// the nearest first.
func newScope(c *cli.Context, name string, sections ...config.Section) (*scope, error) {
	set := flag.NewFlagSet(c.Command.Name, flag.ContinueOnError)
	s := &scope{name: name, from: map[string]config.Value{}}
	ranks := map[string]rank{}
	typed := c.LocalFlagNames()
	flags := freshFlags(c)
	for _, f := range flags {
		if err := f.Apply(set); err != nil {
			return nil, usageError(c, err, true)
		}
		long := f.Names()[0]
		if slices.ContainsFunc(f.Names(), func(n string) bool { return slices.Contains(typed, n) }) {
			ranks[long] = rankTyped
			if err := setTexts(set, long, textsOf(c, long)); err != nil {
				return nil, err
			}
			continue
		}
		for i, section := range sections {
			v, ok := section.Value(keyOf(f))
			if !ok {
				continue
			}
			if err := s.put(set, flags, long, v); err != nil {
				return nil, err
			}
			ranks[long] = rankSection - rank(min(i, 1))
			break
		}
	}
	s.Context = cli.NewContext(c.App, set, c)
	s.Command = c.Command
	return s, s.readSecrets(set, ranks)
}

// setTexts sets a flag to the items of a list, or to the one text that it takes.
func setTexts(set *flag.FlagSet, name string, texts []string) error {
	_, list := set.Lookup(name).Value.(*cli.StringSlice)
	switch {
	case list:
		for _, text := range texts {
			if err := set.Set(name, text); err != nil {
				return err
			}
		}
		return nil
	case len(texts) != 1:
		return errors.New("want one value, not a list")
	}
	return set.Set(name, texts[0])
}

// textsOf is the value of a flag as texts that set it.
func textsOf(c *cli.Context, name string) []string {
	switch v := c.Generic(name).(type) { // of a flag of any kind
	case *cli.StringSlice:
		return v.Value()
	case flag.Value:
		return []string{v.String()}
	}
	return nil
}

// spreadStartPort gives the gateway at a place of the list an inner port of its
// own, counted from the one outside of the list, where the section has none.
func (s *scope) spreadStartPort(section config.Section, at int) error {
	if _, ok := section.Value("start-port"); ok || at == 0 {
		return nil
	}
	return s.Set("start-port", fmt.Sprint(s.Int("start-port")+at))
}

// newListenerScope is newScope for a listener, which has what its section says and
// nothing else: flags and variables are about the gateway's first one.
func newListenerScope(c *cli.Context, section config.Section) (*scope, error) {
	if _, ok := section.Value("listen"); !ok {
		return nil, usageFault(fmt.Sprintf("%s:%d: %s: listen is missing", c.String("config"), section.Line, section.Name))
	}
	bare := cli.NewContext(c.App, flag.NewFlagSet("", flag.ContinueOnError), nil)
	s := &scope{name: section.Name, from: map[string]config.Value{}}
	set := flag.NewFlagSet(section.Name, flag.ContinueOnError)
	for _, f := range freshFlags(c) {
		long := f.Names()[0]
		if !slices.Contains(listenerOptions(), keyOf(f)) {
			continue
		}
		if err := withoutVariable(f).Apply(set); err != nil {
			return nil, err
		}
		if v, ok := section.Value(long); ok {
			if err := s.put(set, []cli.Flag{f}, long, v); err != nil {
				return nil, err
			}
		}
	}
	s.Context = cli.NewContext(c.App, set, bare)
	s.Command = c.Command
	return s, nil
}

// withoutVariable returns a flag that no environment variable sets.
func withoutVariable(f cli.Flag) cli.Flag {
	switch f := f.(type) {
	case *cli.StringFlag:
		f.EnvVars = nil
	case *cli.BoolFlag:
		f.EnvVars = nil
	case *cli.StringSliceFlag:
		f.EnvVars = nil
	case *cli.GenericFlag:
		f.EnvVars = nil
	case *cli.IntFlag:
		f.EnvVars = nil
	}
	return f
}

// put sets a flag to a value of the file.
func (s *scope) put(set *flag.FlagSet, flags []cli.Flag, long string, v config.Value) error {
	if err := setTexts(set, long, v.Texts); err != nil {
		return usageFault(fmt.Sprintf("%s %q: %s", v.Where(), strings.Join(v.Texts, ", "), reason(flags, long, err.Error())))
	}
	s.from[long] = v
	return nil
}

// blame has an error about a flag name what set it: a place in the file, where it
// was that.
func (s *scope) blame(err error) error {
	err = describe(err)
	bad, ok := errors.AsType[*flagError](err)
	if !ok {
		return err
	}
	if v, fromFile := s.from[bad.flag]; fromFile {
		text := v.Where()
		if bad.value != "" {
			text += fmt.Sprintf(" %q", bad.value)
		}
		return usageFault(text + ": " + bad.reason)
	}
	if s.name != "" {
		return usageFault(s.name + ": " + err.Error())
	}
	return err
}
