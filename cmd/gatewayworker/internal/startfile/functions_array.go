package startfile

// arrayFunctions are unknown where the first argument is no array.
var arrayFunctions = map[string]builtin{
	"count":        onArray("count()", func(a *Array, _ []any) any { return int64(len(a.Entries)) }),
	"sizeof":       onArray("sizeof()", func(a *Array, _ []any) any { return int64(len(a.Entries)) }),
	"array_keys":   onArray("array_keys()", func(a *Array, _ []any) any { return listOf(a, func(e Entry) any { return e.Key }) }),
	"array_values": onArray("array_values()", func(a *Array, _ []any) any { return listOf(a, func(e Entry) any { return e.Value }) }),
	"array_key_exists": func(_ *interpreter, _ *frame, args []any) any {
		a, ok := argument(args, 1).(*Array)
		key := arrayKey(argument(args, 0))
		if !ok || key == nil {
			return unknownOf(argument(args, 1), "array_key_exists()")
		}
		_, found := a.Get(key)
		return found
	},
	"in_array": func(_ *interpreter, _ *frame, args []any) any {
		a, ok := argument(args, 1).(*Array)
		if !ok {
			return unknownOf(argument(args, 1), "in_array()")
		}
		strict, _ := Truth(argument(args, 2))
		for _, e := range a.Entries {
			same := equal(argument(args, 0), e.Value, strict)
			if same != false {
				return same
			}
		}
		return false
	},
	"array_merge": func(_ *interpreter, _ *frame, args []any) any {
		out := &Array{}
		for _, v := range args {
			a, ok := v.(*Array)
			if !ok {
				return unknownOf(v, "array_merge()")
			}
			for _, e := range a.Entries {
				if _, isInt := e.Key.(int64); isInt {
					out.add(e.Value, e.Line)
				} else {
					out.set(e.Key, e.Value, e.Line)
				}
			}
		}
		return out
	},
	"range": func(_ *interpreter, _ *frame, args []any) any {
		from, ok := argument(args, 0).(int64)
		to, ok2 := argument(args, 1).(int64)
		if !ok || !ok2 || to < from || to-from > 1000 || len(args) > 2 {
			return Unknown{"range()"}
		}
		a := &Array{}
		for n := from; n <= to; n++ {
			a.Entries = append(a.Entries, Entry{Key: n - from, Value: n})
		}
		return a
	},
	"max": func(_ *interpreter, _ *frame, args []any) any { return extreme(">", args) },
	"min": func(_ *interpreter, _ *frame, args []any) any { return extreme("<", args) },
}

func onArray(name string, fn func(a *Array, args []any) any) builtin {
	return func(_ *interpreter, _ *frame, args []any) any {
		a, ok := argument(args, 0).(*Array)
		if !ok {
			return unknownOf(argument(args, 0), name)
		}
		return fn(a, args[1:])
	}
}

func listOf(a *Array, of func(Entry) any) *Array {
	out := &Array{}
	for i, e := range a.Entries {
		out.Entries = append(out.Entries, Entry{Key: int64(i), Value: of(e), Line: e.Line})
	}
	return out
}

func extreme(op string, args []any) any {
	if a, ok := argument(args, 0).(*Array); ok && len(args) == 1 {
		args = nil
		for _, e := range a.Entries {
			args = append(args, e.Value)
		}
	}
	if len(args) == 0 {
		return Unknown{"max()"}
	}
	best := args[0]
	for _, v := range args[1:] {
		for _, x := range []any{v, best} {
			if u, ok := x.(Unknown); ok {
				return u
			}
		}
		if compare(op, v, best) == true {
			best = v
		}
	}
	return best
}
