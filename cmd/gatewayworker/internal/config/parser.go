package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parser goes through the nodes of a file. It collects what is wrong, up to a
// number of complaints.
type parser struct {
	path   string
	schema Schema
	errs   []error
}

// maxErrors is how much a file is told to be wrong at once.
const maxErrors = 20

func (p *parser) complain(line int, format string, args ...any) {
	if len(p.errs) < maxErrors {
		p.errs = append(p.errs, &Error{p.path, line, fmt.Sprintf(format, args...)})
	}
}

func (p *parser) top(f *File, n *yaml.Node) {
	keys := slices.Concat(p.schema.Process, p.schema.Gateway)
	lists := map[string]func(*yaml.Node){GatewaysKey: func(n *yaml.Node) {
		for i, item := range p.sections(GatewaysKey, n) {
			f.Gateways = append(f.Gateways, p.gateway(i, item))
		}
		if len(f.Gateways) == 0 {
			p.complain(n.Line, "%s: the list is empty; leave it out for the one gateway of the keys outside of it", GatewaysKey)
		}
		p.checkNames(f.Gateways)
	}}
	f.Top = p.section("", n, keys, lists)
}

func (p *parser) gateway(i int, n *yaml.Node) Section {
	name := fmt.Sprintf("%s[%d]", GatewaysKey, i)
	keys := append([]string{NameKey}, p.schema.Gateway...)
	var listeners []Section
	s := p.section(name, n, keys, map[string]func(*yaml.Node){ListenersKey: func(n *yaml.Node) {
		for j, item := range p.sections(ListenersKey, n) {
			listeners = append(listeners, p.section(fmt.Sprintf("%s.%s[%d]", name, ListenersKey, j), item, p.schema.Listener, nil))
		}
	}})
	s.Listeners = listeners
	if v, ok := s.Value(NameKey); ok {
		s.Name = fmt.Sprintf("%s[%s]", GatewaysKey, strings.Join(v.Texts, ","))
		for j := range s.Listeners {
			s.Listeners[j].Name = fmt.Sprintf("%s.%s[%d]", s.Name, ListenersKey, j)
		}
	}
	return s
}

// checkNames refuses two gateways of one name.
func (p *parser) checkNames(gateways []Section) {
	seen := map[string]int{}
	for _, g := range gateways {
		if line, twice := seen[g.Name]; twice {
			p.complain(g.Line, "%s: there is a gateway of this name in line %d", g.Name, line)
		}
		seen[g.Name] = g.Line
	}
}

// sections returns the mappings in the list n, the value of a key.
func (p *parser) sections(key string, n *yaml.Node) []*yaml.Node {
	if isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		p.complain(n.Line, "%s: want a list, each item of which begins with -", key)
		return nil
	}
	var items []*yaml.Node
	for _, item := range n.Content {
		if item = resolve(item); item.Kind != yaml.MappingNode {
			p.complain(item.Line, "%s: want a mapping of keys to values in each item", key)
			continue
		}
		items = append(items, item)
	}
	return items
}

// section reads a mapping that may have keys, and lists, each of which is handed
// to a function.
func (p *parser) section(name string, n *yaml.Node, keys []string, lists map[string]func(*yaml.Node)) Section {
	s := Section{Name: name, Line: n.Line}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := resolve(n.Content[i]), resolve(n.Content[i+1])
		if line, twice := seen[key.Value]; twice {
			p.complain(key.Line, "%s stands in line %d already", key.Value, line)
			continue
		}
		seen[key.Value] = key.Line
		if list := lists[key.Value]; list != nil {
			list(value)
			continue
		}
		if !slices.Contains(keys, key.Value) {
			p.unknown(key, name, keys, lists)
			continue
		}
		if isNull(value) {
			continue // as an empty environment variable: not set
		}
		if texts, ok := p.texts(key.Value, value); ok {
			s.Values = append(s.Values, Value{Key: key.Value, Texts: texts, File: p.path, Line: value.Line})
		}
	}
	return s
}

// texts reads a scalar, or a list of them.
func (p *parser) texts(key string, n *yaml.Node) ([]string, bool) {
	switch n.Kind {
	case yaml.ScalarNode:
		return []string{n.Value}, true
	case yaml.SequenceNode:
		texts := []string{}
		for _, item := range n.Content {
			if item = resolve(item); item.Kind != yaml.ScalarNode || isNull(item) {
				p.complain(item.Line, "%s: want a text or a number in each item", key)
				return nil, false
			}
			texts = append(texts, item.Value)
		}
		return texts, true
	}
	p.complain(n.Line, "%s: want a text, a number or a list of them; what holds braces needs quotes, as '{\"type\":\"ping\"}'", key)
	return nil, false
}

// unknown complains about a key, and says which one may be meant, or where it may
// stand.
func (p *parser) unknown(key *yaml.Node, section string, keys []string, lists map[string]func(*yaml.Node)) {
	all := slices.Clone(keys)
	for list := range lists {
		all = append(all, list)
	}
	slices.Sort(all)
	where := ""
	if section != "" {
		where = " in " + section
	}
	if slices.Contains(p.schema.Process, key.Value) || slices.Contains(p.schema.Gateway, key.Value) {
		p.complain(key.Line, "%s cannot stand%s: it is one for the %s", key.Value, where, p.place(key.Value))
		return
	}
	hint := ""
	if p.schema.Similar != nil {
		if meant := p.schema.Similar(key.Value, all); len(meant) > 0 {
			hint = "; did you mean " + strings.Join(meant, " or ") + "?"
		}
	}
	p.complain(key.Line, "unknown key %s%s%s", key.Value, where, hint)
}

// place says where a known key stands.
func (p *parser) place(key string) string {
	if slices.Contains(p.schema.Process, key) {
		return "top of the file"
	}
	return "gateway"
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
