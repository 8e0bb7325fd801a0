package startfile

import (
	"slices"
	"strings"
)

// textual makes a function of strings: it is unknown if an argument is.
func textual(fn func(s []string) any) func([]any) any {
	return func(args []any) any {
		texts := make([]string, max(len(args), 4))
		for i, v := range args {
			s, ok := Text(v)
			if !ok {
				return unknownOf(v, "a string")
			}
			texts[i] = s
		}
		if v := fn(texts); v != nil {
			if s, ok := v.(string); ok {
				return bounded(s)
			}
			return v
		}
		return nil
	}
}

func found(i int) any {
	if i < 0 {
		return false
	}
	return int64(i)
}

func cutset(s string) string {
	if s == "" {
		return " \n\r\t\v\x00"
	}
	return s
}

var textFunctions = map[string]func([]any) any{
	"strtolower":      textual(func(s []string) any { return strings.ToLower(s[0]) }),
	"strtoupper":      textual(func(s []string) any { return strings.ToUpper(s[0]) }),
	"ucfirst":         textual(func(s []string) any { return strings.ToUpper(s[0][:min(1, len(s[0]))]) + s[0][min(1, len(s[0])):] }),
	"trim":            textual(func(s []string) any { return strings.Trim(s[0], cutset(s[1])) }),
	"ltrim":           textual(func(s []string) any { return strings.TrimLeft(s[0], cutset(s[1])) }),
	"rtrim":           textual(func(s []string) any { return strings.TrimRight(s[0], cutset(s[1])) }),
	"strlen":          textual(func(s []string) any { return int64(len(s[0])) }),
	"strpos":          textual(func(s []string) any { return found(strings.Index(s[0], s[1])) }),
	"stripos":         textual(func(s []string) any { return found(strings.Index(strings.ToLower(s[0]), strings.ToLower(s[1]))) }),
	"strrpos":         textual(func(s []string) any { return found(strings.LastIndex(s[0], s[1])) }),
	"str_contains":    textual(func(s []string) any { return strings.Contains(s[0], s[1]) }),
	"str_starts_with": textual(func(s []string) any { return strings.HasPrefix(s[0], s[1]) }),
	"str_ends_with":   textual(func(s []string) any { return strings.HasSuffix(s[0], s[1]) }),
	"strcasecmp":      textual(func(s []string) any { return int64(strings.Compare(strings.ToLower(s[0]), strings.ToLower(s[1]))) }),
	"intval":          func(args []any) any { return cast("int", argument(args, 0)) },
	"floatval":        func(args []any) any { return cast("float", argument(args, 0)) },
	"boolval":         func(args []any) any { return cast("bool", argument(args, 0)) },
	"strval":          func(args []any) any { return cast("string", argument(args, 0)) },
	"is_string":       is(func(v any) bool { _, ok := v.(string); return ok }),
	"is_int":          is(func(v any) bool { _, ok := v.(int64); return ok }),
	"is_bool":         is(func(v any) bool { _, ok := v.(bool); return ok }),
	"is_array":        is(func(v any) bool { _, ok := v.(*Array); return ok }),
	"is_null":         is(func(v any) bool { return v == nil }),
	"is_numeric":      is(func(v any) bool { s, ok := Text(v); return ok && numeric(s) }),
	"explode":         explode,
	"implode":         implode,
	"join":            implode,
	"sprintf":         sprintf,
	"str_replace":     strReplace,
	"substr":          substr,
	"ucwords":         func([]any) any { return Unknown{"ucwords()"} },
}

func is(test func(any) bool) func([]any) any {
	return func(args []any) any {
		v := argument(args, 0)
		if u, ok := v.(Unknown); ok {
			return u
		}
		return test(v)
	}
}

func explode(args []any) any {
	sep, ok := argument(args, 0).(string)
	text, ok2 := Text(argument(args, 1))
	if !ok || !ok2 || sep == "" || len(args) > 2 || len(text) > maxString/16 {
		return unknownOf(argument(args, 1), "explode()")
	}
	a := &Array{}
	for i, part := range strings.Split(text, sep) {
		a.Entries = append(a.Entries, Entry{Key: int64(i), Value: part})
	}
	return a
}

func implode(args []any) any {
	a, isArray := argument(args, 1).(*Array)
	sep, ok := argument(args, 0).(string)
	if b, only := argument(args, 0).(*Array); only {
		a, isArray, ok = b, true, true
		sep, _ = argument(args, 1).(string)
	}
	if !isArray || !ok {
		return unknownOf(argument(args, 1), "implode()")
	}
	parts := make([]string, 0, len(a.Entries))
	size := 0
	for _, e := range a.Entries {
		s, ok := Text(e.Value)
		if size += len(s) + len(sep); !ok || size > maxString {
			return unknownOf(e.Value, "implode()")
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, sep)
}

// sprintf knows %s, %d and %%.
func sprintf(args []any) any {
	format, ok := argument(args, 0).(string)
	if !ok {
		return unknownOf(argument(args, 0), "sprintf()")
	}
	var b strings.Builder
	next := 1
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		i++
		if i == len(format) || !strings.ContainsRune("sd%", rune(format[i])) {
			return Unknown{"sprintf()"}
		}
		if format[i] == '%' {
			b.WriteByte('%')
			continue
		}
		v := argument(args, next)
		next++
		if format[i] == 'd' {
			v = toInt(v)
		}
		s, ok := Text(v)
		if !ok || b.Len()+len(s) > maxString {
			return unknownOf(v, "sprintf()")
		}
		b.WriteString(s)
	}
	return b.String()
}

func strReplace(args []any) any {
	list := func(v any) ([]string, bool) {
		a, ok := v.(*Array)
		if !ok {
			s, ok := Text(v)
			return []string{s}, ok
		}
		var out []string
		for _, e := range a.Entries {
			s, ok := Text(e.Value)
			if !ok {
				return nil, false
			}
			out = append(out, s)
		}
		return out, true
	}
	from, ok := list(argument(args, 0))
	to, ok2 := list(argument(args, 1))
	text, ok3 := Text(argument(args, 2))
	if !ok || !ok2 || !ok3 || len(args) > 3 {
		if i := slices.IndexFunc(args, func(v any) bool { _, ok := v.(Unknown); return ok }); i >= 0 {
			return args[i]
		}
		return Unknown{"str_replace()"}
	}
	_, many := argument(args, 1).(*Array)
	for i, old := range from {
		with := ""
		if !many && len(to) > 0 {
			with = to[0]
		} else if i < len(to) {
			with = to[i]
		}
		if old == "" {
			continue
		}
		if strings.Count(text, old)*len(with) > maxString {
			return Unknown{"str_replace()"}
		}
		text = strings.ReplaceAll(text, old, with)
	}
	return bounded(text)
}

func substr(args []any) any {
	s, ok := Text(argument(args, 0))
	from, ok2 := toInt(argument(args, 1)).(int64)
	if !ok || !ok2 {
		return unknownOf(argument(args, 0), "substr()")
	}
	n := int64(len(s))
	if from < 0 {
		from = max(n+from, 0)
	}
	from = min(from, n)
	to := n
	if length, ok := argument(args, 2).(int64); ok {
		if length < 0 {
			to = max(n+length, from)
		} else {
			to = min(from+min(length, n), n)
		}
	}
	return s[from:to]
}
