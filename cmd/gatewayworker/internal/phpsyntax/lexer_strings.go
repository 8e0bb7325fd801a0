package phpsyntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTemplates bounds strings within variables within strings.
const maxTemplates = 20

// single reads a string in single quotes.
func (l *lexer) single() error {
	line, rest := l.line, l.rest()
	var b strings.Builder
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\'':
			l.advance(i + 1)
			l.tokens = append(l.tokens, token{kind: tString, text: b.String(), line: line})
			return nil
		case c == '\\' && i+1 < len(rest) && (rest[i+1] == '\'' || rest[i+1] == '\\'):
			i++
			b.WriteByte(rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return l.fail("a string without an end")
}

func (l *lexer) double() error {
	rest := l.rest()
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '\\':
			i++
		case '"':
			line := l.line
			l.advance(i + 1)
			return l.template(rest[1:i], line, '"')
		}
	}
	return l.fail("a string without an end")
}

// heredoc reads <<<NAME, <<<"NAME" and <<<'NAME', with PHP 7.3's indented end.
func (l *lexer) heredoc() error {
	line := l.line
	head, body, ok := strings.Cut(l.rest()[3:], "\n")
	label := strings.TrimSpace(head)
	now := strings.HasPrefix(label, "'")
	label = strings.Trim(label, `'"`)
	if !ok || label == "" || nameLength(label) != len(label) {
		return l.fail("<<< without a name")
	}
	var lines []string
	taken := 3 + len(head) + 1
	for text := range strings.Lines(body) {
		indent := len(text) - len(strings.TrimLeft(text, " \t"))
		after, found := strings.CutPrefix(text[indent:], label)
		if !found || after != "" && (isNameStart(after[0]) || isDigit(after[0])) {
			lines = append(lines, text)
			taken += len(text)
			continue
		}
		for i, text := range lines {
			lines[i] = text[min(indent, len(text)-len(strings.TrimLeft(text, " \t"))):]
		}
		value := strings.TrimSuffix(strings.TrimSuffix(strings.Join(lines, ""), "\n"), "\r")
		l.advance(taken + indent + len(label))
		if now {
			l.tokens = append(l.tokens, token{kind: tString, text: value, line: line})
			return nil
		}
		return l.template(value, line, 0)
	}
	return l.fail("<<<" + label + " without an end")
}

// template adds a string of double quotes: its escapes are undone, its variables
// are parts.
func (l *lexer) template(s string, line int, quote byte) error {
	var parts []Expr
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			parts = append(parts, &Literal{Pos{line}, b.String()})
			b.Reset()
		}
	}
	for i := 0; i < len(s); {
		if s[i] == '\\' && i+1 < len(s) {
			i += unescape(&b, s[i:], quote)
			continue
		}
		n := variableLength(s[i:])
		if n == 0 {
			b.WriteByte(s[i])
			i++
			continue
		}
		flush()
		e, err := l.variable(s[i:i+n], line+strings.Count(s[:i], "\n"))
		if err != nil {
			return err
		}
		parts = append(parts, e)
		i += n
	}
	if len(parts) == 0 {
		l.tokens = append(l.tokens, token{kind: tString, text: b.String(), line: line})
		return nil
	}
	flush()
	l.tokens = append(l.tokens, token{kind: tTemplate, line: line, parts: parts})
	return nil
}

// variableLength is the length of the variable that s begins with: $a, $a[0],
// $a[key], $a->b, {$...} or ${a}; 0 if it begins with none.
func variableLength(s string) int {
	switch {
	case strings.HasPrefix(s, "{$"), strings.HasPrefix(s, "${"):
		depth := 0
		for i := range len(s) {
			switch s[i] {
			case '{':
				depth++
			case '}':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return 0
	case len(s) < 2 || s[0] != '$' || !isNameStart(s[1]):
		return 0
	}
	n := 1 + nameLength(s[1:])
	if rest := s[n:]; strings.HasPrefix(rest, "[") {
		if end := strings.IndexByte(rest, ']'); end > 1 {
			return n + end + 1
		}
	} else if strings.HasPrefix(rest, "->") {
		if m := nameLength(rest[2:]); m > 0 {
			return n + 2 + m
		}
	}
	return n
}

// variable parses what variableLength found.
func (l *lexer) variable(s string, line int) (Expr, error) {
	if l.depth >= maxTemplates {
		return nil, l.fail("too many strings within strings")
	}
	switch {
	case strings.HasPrefix(s, "${"):
		s = "$" + s[2:len(s)-1]
	case strings.HasPrefix(s, "{$"):
		s = s[1 : len(s)-1]
	default: // $a[key] means $a['key']
		if name, key, ok := strings.Cut(s, "["); ok && isNameStart(key[0]) {
			s = name + "['" + strings.TrimSuffix(key, "]") + "']"
		}
	}
	inner := &lexer{src: s, line: line, depth: l.depth + 1}
	tokens, err := inner.run()
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	e, err := p.only()
	if err != nil {
		return nil, err
	}
	return e, nil
}

// unescape writes what the escape at the beginning of s stands for, and returns
// its length. quote is the quote that may be escaped, 0 in a heredoc.
func unescape(b *strings.Builder, s string, quote byte) int {
	simple := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'v': '\v', 'e': 0x1b, 'f': '\f', '\\': '\\', '$': '$'}
	c := s[1]
	if r, ok := simple[c]; ok {
		b.WriteByte(r)
		return 2
	}
	switch {
	case c == quote && quote != 0:
		b.WriteByte(c)
		return 2
	case c >= '0' && c <= '7':
		n := 2
		for n < len(s) && n < 4 && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(s[1:n], 8, 16)
		b.WriteByte(byte(v))
		return n
	case c == 'x' && len(s) > 2 && isHex(s[2]):
		n := 3
		if n < len(s) && isHex(s[n]) {
			n++
		}
		v, _ := strconv.ParseUint(s[2:n], 16, 8)
		b.WriteByte(byte(v))
		return n
	case strings.HasPrefix(s[1:], "u{"):
		if digits, _, ok := strings.Cut(s[3:], "}"); ok {
			if v, err := strconv.ParseUint(digits, 16, 32); err == nil && v <= utf8.MaxRune {
				b.WriteRune(rune(v))
				return 4 + len(digits)
			}
		}
	}
	b.WriteByte('\\')
	return 1
}
