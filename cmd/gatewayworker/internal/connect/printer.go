package connect

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// printer shows what comes on stdout, and everything else on stderr.
type printer struct{ o *Options }

const clock = "15:04:05.000"

func (p *printer) paint(code, text string) string {
	if !p.o.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// received shows a message with its time and size; raw, the message alone.
func (p *printer) received(message []byte) {
	if p.o.Raw {
		_, _ = p.o.Stdout.Write(append(message[:len(message):len(message)], '\n'))
		return
	}
	head := fmt.Sprintf("%s < %d B ", time.Now().Format(clock), len(message))
	fmt.Fprintln(p.o.Stdout, p.paint("2", head)+Show(message))
}

// sent notes a message that was sent, unless it was typed here.
func (p *printer) sent(message []byte) {
	if !p.o.Typed && !p.o.Raw {
		fmt.Fprintln(p.o.Stderr, p.paint("2", fmt.Sprintf("%s > %d B ", time.Now().Format(clock), len(message)))+Show(message))
	}
}

func (p *printer) note(text string) { fmt.Fprintln(p.o.Stderr, p.paint("2", text)) }

func (p *printer) connected(a address, t transport, took time.Duration) {
	if p.o.Raw {
		return
	}
	text := fmt.Sprintf("connected to %s in %v", a.url, took.Round(100*time.Microsecond))
	if a.secure && a.scheme != "ws" {
		text += " with TLS"
	}
	if g := t.greeting(); g != "" {
		text += ", " + g
	}
	if p.o.Typed {
		text += "; lines are sent, Ctrl-D ends"
	}
	p.note(text)
}

// Show makes a message fit for a terminal: what does not print is quoted.
func Show(message []byte) string {
	text := string(message)
	odd := func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' && r != '\t' }
	if !utf8.ValidString(text) || strings.ContainsFunc(text, odd) {
		return strconv.Quote(text)
	}
	return text
}
