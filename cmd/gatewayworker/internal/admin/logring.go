package admin

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
)

// Bounds of what is kept of the log.
const (
	logKept     = 100 // lines
	logTextKept = 500 // bytes of one message or value
)

// LogLine is a warning or an error that was logged.
type LogLine struct {
	Time    time.Time         `json:"time"`
	Level   string            `json:"level"`
	Message string            `json:"message"`
	Fields  map[string]string `json:"fields,omitempty"`
}

// logRing is a hook of the process's logger. It counts all lines, and keeps the
// last warnings and errors.
type logRing struct {
	lines [logrus.TraceLevel + 1]atomic.Uint64 // by level

	mu   sync.Mutex // guards what follows
	kept []LogLine  // the oldest first
}

var _ logrus.Hook = (*logRing)(nil)

// Levels makes logRing a hook for all lines.
func (r *logRing) Levels() []logrus.Level { return logrus.AllLevels }

// Fire takes a line.
func (r *logRing) Fire(e *logrus.Entry) error {
	r.lines[e.Level].Add(1)
	if e.Level > logrus.WarnLevel {
		return nil
	}
	line := LogLine{Time: e.Time, Level: e.Level.String(), Message: clip(e.Message), Fields: make(map[string]string, len(e.Data))}
	for key, value := range e.Data {
		line.Fields[key] = clip(fmt.Sprint(value))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) == logKept {
		r.kept = slices.Delete(r.kept, 0, 1)
	}
	r.kept = append(r.kept, line)
	return nil
}

// last returns the lines that are kept, the newest first.
func (r *logRing) last() []LogLine {
	r.mu.Lock()
	defer r.mu.Unlock()
	lines := slices.Clone(r.kept)
	slices.Reverse(lines)
	return lines
}

// counts returns how many lines there were of each level that operators see.
func (r *logRing) counts() map[logrus.Level]uint64 {
	counts := make(map[logrus.Level]uint64)
	for _, level := range []logrus.Level{logrus.ErrorLevel, logrus.WarnLevel, logrus.InfoLevel} {
		counts[level] = r.lines[level].Load()
	}
	return counts
}

func clip(text string) string {
	if len(text) > logTextKept {
		text = text[:logTextKept] + "…"
	}
	return strings.ToValidUTF8(text, "\ufffd")
}
