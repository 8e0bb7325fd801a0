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
	in, at := vars, subscript{key: StringKey(base)}
	for level := 1; strings.HasPrefix(rest, "["); level++ {
		if level > maxInputNesting {
			vars.Delete(StringKey(base))
			return
		}
		next, after, ok := cutSubscript(rest)
		if !ok { // never closed: the value goes where we are
			if level == 1 {
				at.key = StringKey(base + mangleOpen.Replace(rest))
			}
			break
		}
		if in, ok = at.array(in); !ok {
			return
		}
		at, rest = next, after
	}
	if at.push {
		in.Append(value)
	} else {
		in.Set(at.key, value)
	}
}

// subscript is [key] or, to append, [].
type subscript struct {
	key  Key
	push bool
}

// cutSubscript cuts the subscript from the start of s; not ok if it is never closed.
func cutSubscript(s string) (sub subscript, rest string, ok bool) {
	inner := s[1:]
	if inner != "" && isSpace(inner[0]) {
		inner = inner[1:] // "[ ]" is "[]", but "[ a]" is not "[a]"
	}
	if strings.HasPrefix(inner, "]") {
		return subscript{push: true}, inner[1:], true
	}
	n := len(s) - len(inner)
	end := strings.IndexByte(inner, ']')
	if end < 0 {
		return subscript{}, "", false
	}
	return subscript{key: StringKey(s[1 : n+end])}, inner[end+1:], true
}

// array returns the array that stands at the subscript of a; it replaces
// anything else. Not ok if nothing can be appended to a any more.
func (sub subscript) array(a *Array) (*Array, bool) {
	if sub.push {
		next := NewArray()
		return next, a.Append(next)
	}
	at := a.place(sub.key)
	next, ok := a.vals[at].(*Array)
	if !ok {
		next = NewArray()
		a.vals[at] = next
	}
	return next, true
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
