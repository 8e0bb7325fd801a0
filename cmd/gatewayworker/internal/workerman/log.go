package workerman

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
)

// fileOnly stands in front of a line that the screen does not show.
const fileOnly = '\x01'

// Formatter writes entries for [Master.Log]: the message and its fields, without
// time and process number, which the log adds to every line.
type Formatter struct{}

// Format writes one line.
func (Formatter) Format(e *logrus.Entry) ([]byte, error) {
	var b bytes.Buffer
	if e.Level > logrus.ErrorLevel { // PHP's gateway says next to nothing on screen
		b.WriteByte(fileOnly)
	}
	if e.Level <= logrus.WarnLevel {
		b.WriteString(e.Level.String() + ": ")
	}
	b.WriteString(strings.ReplaceAll(e.Message, "\n", " "))
	keys := make([]string, 0, len(e.Data))
	for k := range e.Data {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		text := fmt.Sprint(e.Data[k])
		if text == "" || strings.ContainsAny(text, " \"\n\t=") {
			text = fmt.Sprintf("%q", text)
		}
		b.WriteString(" " + k + "=" + text)
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// Log returns a writer to Workerman's log: each line gets the time and the process
// number in front, and is shown on screen too if the master runs in the
// foreground and the line is an error. (PHP: Worker::log.)
func (m *Master) Log(screen io.Writer) io.Writer {
	if m.Daemon {
		screen = io.Discard
	}
	return &log{m: m, zone: m.location(), screen: screen, now: time.Now}
}

type log struct {
	m      *Master
	zone   *time.Location
	screen io.Writer
	now    func() time.Time
}

func (l *log) Write(p []byte) (int, error) {
	text, quiet := bytes.CutPrefix(p, []byte{fileOnly})
	text = append(bytes.TrimSpace(text), '\n')
	if !quiet {
		_, _ = l.screen.Write(text)
	}
	line := fmt.Sprintf("%s pid:%d %s", l.now().In(l.zone).Format("2006-01-02 15:04:05"), l.m.pid(), text)
	if err := l.append(line); err != nil {
		// The worker's user may not write it, as in PHP.
		if quiet {
			return 0, err
		}
	}
	return len(p), nil
}

// append writes a line to the end of the file, and halves the file when it is too
// large, as Workerman 5 does.
func (l *log) append(line string) error {
	switch l.m.LogFile {
	case "":
		return nil
	case "php://stdout", "php://output":
		_, err := os.Stdout.WriteString(line)
		return err
	case "php://stderr":
		_, err := os.Stderr.WriteString(line)
		return err
	}
	f, err := os.OpenFile(l.m.LogFile, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	unlock, err := lock(f)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := f.WriteString(line); err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil && l.m.LogFileMaxSize > 0 && info.Mode().IsRegular() && info.Size() > l.m.LogFileMaxSize {
		return l.halve(info.Size())
	}
	return nil
}

// halve puts the second half of a file in its place.
func (l *log) halve(size int64) error {
	f, err := os.Open(l.m.LogFile)
	if err != nil {
		return err
	}
	defer f.Close()
	half := make([]byte, size-size/2)
	if _, err := f.ReadAt(half, size/2); err != nil {
		return err
	}
	if _, rest, ok := bytes.Cut(half, []byte("\n")); ok {
		half = rest
	}
	name := l.m.LogFile + ".tmp"
	if err := os.WriteFile(name, half, 0o644); err != nil {
		return err
	}
	return os.Rename(name, l.m.LogFile)
}
