//go:build linux

package faults

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A journal is the file into which a worker writes a line for each event, before
// anything else comes of it. A line is one write: what a worker has seen stays
// known, however it ends. All runs of one worker write to one file.
type journal struct {
	mu   sync.Mutex
	file *os.File
}

// Kinds of lines.
const (
	lineBoot      = "B" // pid
	lineGateways  = "G" // number of gateways that the worker is connected to
	lineConnect   = "C" // client id, port
	lineHandshake = "W" // client id, port, name
	lineMessage   = "M" // client id, port, name, number
	lineClose     = "X" // client id, port, name in the session
)

func openJournal(path string) (*journal, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	return &journal{file: file}, err
}

func (j *journal) write(kind string, fields ...any) {
	line := strconv.FormatInt(time.Now().UnixMicro(), 10) + " " + kind + " " + strconv.Itoa(os.Getpid())
	for _, field := range fields {
		line += " " + fmt.Sprint(field)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_, _ = j.file.WriteString(line + "\n")
}

// An entry is a line of a journal.
type entry struct {
	at     time.Time
	kind   string
	pid    int
	id     string
	port   int
	name   string
	number int
}

func parseEntry(line string) (e entry, err error) {
	f := strings.Split(line, " ")
	if len(f) < 3 {
		return e, fmt.Errorf("a journal has the line %q", line)
	}
	micro, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		return e, err
	}
	e = entry{at: time.UnixMicro(micro), kind: f[1]}
	if e.pid, err = strconv.Atoi(f[2]); err != nil {
		return e, err
	}
	switch f = f[3:]; {
	case e.kind == lineGateways && len(f) == 1:
		e.number, err = strconv.Atoi(f[0])
	case e.kind != lineBoot && len(f) >= 2:
		e.id = f[0]
		e.port, err = strconv.Atoi(f[1])
		if len(f) > 2 {
			e.name = f[2]
		}
		if len(f) > 3 && err == nil {
			e.number, err = strconv.Atoi(f[3])
		}
	}
	return e, err
}

// follow calls take for each line of the file as it is written, until done is
// closed and all is read.
func follow(path string, done <-chan struct{}, take func(entry), fail func(error)) {
	var rest []byte
	var file *os.File
	chunk := make([]byte, 64<<10)
	for last := false; ; {
		if file == nil {
			if f, err := os.Open(path); err == nil {
				file = f
				defer file.Close()
			}
		}
		n := 0
		if file != nil {
			n, _ = file.Read(chunk)
		}
		rest = append(rest, chunk[:n]...)
		for {
			line, after, whole := bytes.Cut(rest, []byte("\n"))
			if !whole {
				break
			}
			e, err := parseEntry(string(line))
			if err != nil {
				fail(err)
			} else {
				take(e)
			}
			rest = after
		}
		if n > 0 {
			continue
		}
		if last {
			return
		}
		select {
		case <-done:
			last = true
		case <-time.After(2 * time.Millisecond):
		}
	}
}
