package phpsyntax

import (
	"strings"
)

type lexer struct {
	src    string
	pos    int
	line   int
	depth  int // of templates within templates
	tokens []token
}

func (l *lexer) fail(text string) error { return &Error{l.line, text} }

// lex cuts a file into tokens; it begins outside of <?php.
func lex(src string) ([]token, error) {
	l := &lexer{src: src, line: 1}
	if err := l.html(); err != nil {
		return nil, err
	}
	return l.run()
}

func (l *lexer) run() ([]token, error) {
	for {
		l.space()
		if l.pos >= len(l.src) {
			l.add(tEnd, "")
			return l.tokens, nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

func (l *lexer) add(k kind, text string) {
	l.tokens = append(l.tokens, token{kind: k, text: text, line: l.line})
}

func (l *lexer) rest() string { return l.src[l.pos:] }

// advance goes on by n bytes, and counts their lines.
func (l *lexer) advance(n int) string {
	text := l.src[l.pos : l.pos+n]
	l.line += strings.Count(text, "\n")
	l.pos += n
	return text
}

// html reads over what is outside of <?php.
func (l *lexer) html() error {
	i := strings.Index(l.rest(), "<?")
	if i < 0 {
		i = len(l.rest())
	}
	if text := l.rest()[:i]; strings.TrimSpace(text) != "" && !(l.pos == 0 && strings.HasPrefix(text, "#!")) {
		l.add(tHTML, text)
		l.add(tOperator, ";")
	}
	l.advance(i)
	switch rest := l.rest(); {
	case rest == "":
	case strings.HasPrefix(strings.ToLower(rest), "<?php"):
		l.advance(5)
	case strings.HasPrefix(rest, "<?="):
		l.advance(3)
		l.add(tName, "echo")
	default:
		l.advance(2)
	}
	return nil
}

// space reads over white space and comments. A comment of # or // ends with its
// line, or where PHP ends.
func (l *lexer) space() {
	for l.pos < len(l.src) {
		switch rest := l.rest(); {
		case strings.IndexByte(" \t\r\n\v\f", rest[0]) >= 0:
			l.advance(1)
		case strings.HasPrefix(rest, "#["):
			l.attribute()
		case rest[0] == '#', strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			if end := strings.Index(rest[:n], "?>"); end >= 0 {
				n = end
			}
			l.advance(n)
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				n = len(rest) - 4
			}
			l.advance(n + 4)
		default:
			return
		}
	}
}

// attribute reads over #[...].
func (l *lexer) attribute() {
	depth := 0
	for l.pos < len(l.src) {
		switch c := l.advance(1); c {
		case "[":
			depth++
		case "]":
			if depth--; depth == 0 {
				return
			}
		case "'", `"`:
			for l.pos < len(l.src) {
				if s := l.advance(1); s == c {
					break
				} else if s == `\` && l.pos < len(l.src) {
					l.advance(1)
				}
			}
		}
	}
}

func (l *lexer) next() error {
	rest := l.rest()
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "?>"):
		l.advance(2)
		l.add(tOperator, ";")
		return l.html()
	case c == '$' && len(rest) > 1 && isNameStart(rest[1]):
		n := nameLength(rest[1:])
		l.add(tVariable, rest[1:1+n])
		l.advance(1 + n)
	case isNameStart(c), c == '\\' && len(rest) > 1 && isNameStart(rest[1]):
		n := qualifiedLength(rest)
		l.add(tName, rest[:n])
		l.advance(n)
		if strings.EqualFold(rest[:n], "__halt_compiler") { // data follows
			l.pos = len(l.src)
		}
	case strings.HasPrefix(rest, `\{`): // use A\{B, C}
		l.add(tOperator, `\`)
		l.advance(1)
	case isDigit(c), c == '.' && len(rest) > 1 && isDigit(rest[1]):
		l.number()
	case c == '\'':
		return l.single()
	case c == '"':
		return l.double()
	case c == '`':
		return l.fail("a command in backticks")
	case strings.HasPrefix(rest, "<<<"):
		return l.heredoc()
	default:
		for _, op := range operators {
			if strings.HasPrefix(rest, op) {
				l.add(tOperator, op)
				l.advance(len(op))
				return nil
			}
		}
		if strings.IndexByte("+-*/%=.,;:?!@&|^~<>()[]{}$", c) < 0 {
			return l.fail("unexpected character " + quoteByte(c))
		}
		l.add(tOperator, rest[:1])
		l.advance(1)
	}
	return nil
}

func (l *lexer) number() {
	rest := l.rest()
	n, float := 0, false
	if len(rest) > 1 && rest[0] == '0' && strings.IndexByte("xXbBoO", rest[1]) >= 0 {
		for n = 2; n < len(rest) && (isHex(rest[n]) || rest[n] == '_'); n++ {
		}
		l.add(tInt, rest[:n])
		l.advance(n)
		return
	}
	for n < len(rest) {
		c := rest[n]
		exponent := (c == 'e' || c == 'E') && n+1 < len(rest) && (isDigit(rest[n+1]) || n+2 < len(rest) && (rest[n+1] == '-' || rest[n+1] == '+') && isDigit(rest[n+2]))
		switch {
		case isDigit(c), c == '_':
			n++
		case exponent:
			float = true
			n += 2
		case c == '.' && !float && !strings.HasPrefix(rest[n:], ".."):
			float = true
			n++
		default:
			goto end
		}
	}
end:
	k := tInt
	if float {
		k = tFloat
	}
	l.add(k, rest[:n])
	l.advance(n)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isHex(c byte) bool   { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && (isNameStart(s[n]) || n > 0 && isDigit(s[n])) {
		n++
	}
	return n
}

// qualifiedLength is the length of a name with backslashes.
func qualifiedLength(s string) int {
	n := 0
	for {
		m := n
		if m < len(s) && s[m] == '\\' {
			m++
		} else if n > 0 {
			return n
		}
		part := nameLength(s[m:])
		if part == 0 {
			return n
		}
		n = m + part
	}
}

func quoteByte(c byte) string { return "\"" + string(rune(c)) + "\"" }
