package phpserialize

import "strings"

const (
	maxInputVars    = 1000 // max_input_vars
	maxInputNesting = 64   // max_input_nesting_level
)

// ParseStr returns what parse_str($query) stores. Names and values are
// url-decoded; "a[]=1" appends, "a[b]=2" makes arrays of any depth to 64; leading
// spaces of a name go, '.' and ' ' in it become '_', as does a '[' that is never
// closed; a name that is there already is overwritten. Variables after the
// thousandth are dropped, as is everything behind a NUL byte.
func ParseStr(query string) *Array {
	vars := NewArray()
	if i := strings.IndexByte(query, 0); i >= 0 {
		query = query[:i]
	}
	for count := 0; query != "" && count < maxInputVars; {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		if pair == "" {
			continue
		}
		count++
		name, value, _ := strings.Cut(pair, "=")
		registerVariable(vars, urlDecode(name), urlDecode(value))
	}
	return vars
}

// registerVariable is php_register_variable_ex.
func registerVariable(vars *Array, name, value string) {
	if i := strings.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	name = strings.TrimLeft(name, " ")
	base, rest := name, ""
	if i := strings.IndexByte(name, '['); i >= 0 {
		base, rest = name[:i], name[i:]
	}
	base = mangle.Replace(base)
	if base == "" || forbiddenPrefix(base, name) {
		return
	}
	key, push := StringKey(base), false
	for level, in := 1, vars; ; level++ {
		var index string
		if rest == "" || rest[0] != '[' {
			rest = ""
		} else if level > maxInputNesting {
			vars.Delete(StringKey(base))
			return
		} else {
			after := rest[1:]
			if after != "" && isSpace(after[0]) {
				after = after[1:]
			}
			end := strings.IndexByte(after, ']')
			switch {
			case end == 0:
				rest = after[1:]
			case end < 0:
				if level == 1 {
					key = StringKey(base + mangleOpen.Replace(rest))
				}
				rest = ""
				goto plain
			default:
				end += len(rest) - len(after)
				index, rest = rest[1:end], rest[end+1:]
			}
			// The element at key is an array; go on in it.
			next := NewArray()
			if push {
				if !in.Append(next) {
					return
				}
			} else {
				at := in.place(key)
				if a, ok := in.vals[at].(*Array); ok {
					next = a
				} else {
					in.vals[at] = next
				}
			}
			in = next
			key, push = StringKey(index), end == 0
			continue
		}
	plain:
		if push {
			in.Append(value)
		} else {
			in.Set(key, value)
		}
		return
	}
}

var (
	mangle     = strings.NewReplacer(" ", "_", ".", "_")
	mangleOpen = strings.NewReplacer(" ", "_", ".", "_", "[", "_") // from a '[' on that is never closed
)

// forbiddenPrefix tells whether mangling gave the name a prefix that browsers
// guarantee something about.
func forbiddenPrefix(mangled, name string) bool {
	for _, p := range []string{"__Host-", "__Secure-"} {
		if strings.HasPrefix(mangled, p) && !strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// urlDecode is urldecode(): '+' is a space, what is no valid %XX stays.
func urlDecode(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
