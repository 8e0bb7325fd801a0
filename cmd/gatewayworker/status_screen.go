package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// What a terminal is told.
const (
	enterScreen = "\x1b[?1049h\x1b[?25l" // another screen, without a cursor
	leaveScreen = "\x1b[?25h\x1b[?1049l"
	toTheTop    = "\x1b[H"
	toLineEnd   = "\x1b[K"  // clears
	toScreenEnd = "\x1b[0J" // clears
	boldText    = "\x1b[1m"
	faintText   = "\x1b[2m"
	redText     = "\x1b[31m"
	greenText   = "\x1b[32m"
	normalText  = "\x1b[0m"
)

// watchOnScreen shows what look returns on the whole of a terminal, until ctx ends
// or somebody presses q.
func watchOnScreen(ctx context.Context, out, in *os.File, interval time.Duration, look func(context.Context) *clusterStatus) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	restore, err := readKeys(in)
	if err == nil {
		defer restore()
	}
	keys := make(chan byte)
	if err == nil {
		go passKeys(ctx, in, keys)
	}
	resized, stop := resizes()
	defer stop()
	if _, err := out.WriteString(enterScreen); err != nil {
		return err
	}
	defer func() { _, _ = out.WriteString(leaveScreen) }()

	looks := make(chan *clusterStatus)
	begin := func() {
		go func() {
			s := look(ctx)
			select {
			case looks <- s:
			case <-ctx.Done():
			}
		}()
	}
	var shown *clusterStatus
	draw := func() error {
		width, height := terminalSize(out)
		_, err := out.WriteString(frame(shown, interval, width, height))
		return err
	}
	if err := draw(); err != nil {
		return err
	}
	begin()
	looking := true
	next := time.NewTimer(interval)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case shown = <-looks:
			looking = false
			next.Reset(interval)
		case <-resized:
		case <-next.C:
			if !looking {
				looking = true
				begin()
			}
			continue
		case key := <-keys:
			switch key {
			case 'q', 'Q':
				return nil
			case 'r', 'R', ' ':
				next.Reset(0)
			}
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		if err := draw(); err != nil {
			return err
		}
	}
}

// passKeys sends what is typed. It ends with the process at the latest: a read of a
// terminal cannot be interrupted.
func passKeys(ctx context.Context, in *os.File, keys chan<- byte) {
	var buf [1]byte
	for {
		if n, err := in.Read(buf[:]); n == 0 || err != nil {
			return
		}
		select {
		case keys <- buf[0]:
		case <-ctx.Done():
			return
		}
	}
}

// frame is all that stands on a screen of this size; 0 is any.
func frame(s *clusterStatus, interval time.Duration, width, height int) string {
	var text strings.Builder
	head := "gatewayworker status"
	if s != nil {
		head += " · " + s.Time.Local().Format("15:04:05")
	}
	hint := fmt.Sprintf("every %v · q leaves · r looks now", interval)
	if gap := width - utf8.RuneCountInString(head) - utf8.RuneCountInString(hint); gap > 0 {
		head += strings.Repeat(" ", gap)
	} else {
		head += "  "
	}
	lines := []string{head + hint, ""}
	if s == nil {
		lines = append(lines, "asking …")
	} else {
		_ = s.writeTables(&text) // a Builder takes everything
		lines = append(lines, strings.Split(strings.TrimRight(text.String(), "\n"), "\n")...)
	}
	if height > 0 && len(lines) > height {
		left := len(lines) - height + 1
		lines = append(lines[:height-1], fmt.Sprintf("… %d lines more", left))
	}
	var out strings.Builder
	out.WriteString(toTheTop)
	for i, line := range lines {
		if i > 0 {
			out.WriteString("\r\n")
		}
		out.WriteString(colored(i, fit(strings.TrimRight(line, " "), width)))
		out.WriteString(toLineEnd)
	}
	out.WriteString(toScreenEnd)
	return out.String()
}

// fit cuts a line where the screen ends.
func fit(line string, width int) string {
	if width <= 0 || utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:max(0, width-1)]) + "…"
}

var (
	tableHead = regexp.MustCompile(`^(REGISTER|GATEWAY) `)
	goodState = regexp.MustCompile(` ok( |$)`)
	noAnswer  = regexp.MustCompile(`^no rates from`)
)

// colored gives a line of the screen its colors, where NO_COLOR is not set.
func colored(place int, line string) string {
	switch {
	case os.Getenv("NO_COLOR") != "" || line == "":
		return line
	case place == 0:
		return faintText + line + normalText
	case tableHead.MatchString(line):
		return boldText + line + normalText
	case strings.HasPrefix(line, "all ") || strings.HasPrefix(line, "…") || line == "asking …":
		return line
	case noAnswer.MatchString(line):
		return faintText + line + normalText
	case goodState.MatchString(line):
		return goodState.ReplaceAllString(line, " "+greenText+"ok"+normalText+"$1")
	}
	return redText + line + normalText
}
