package logging

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"slices"

	"github.com/sirupsen/logrus"
)

// Choose returns the logger that Options.Logger and Options.Slog stand for: the
// first that is not nil, and logrus.StandardLogger() if both are nil.
func Choose(l logrus.FieldLogger, s *slog.Logger) logrus.FieldLogger {
	switch {
	case l != nil:
		return l
	case s != nil:
		return FromHandler(s.Handler())
	}
	return logrus.StandardLogger()
}

// The levels of slog that stand for logrus's levels beyond slog's four.
const (
	LevelTrace = slog.LevelDebug - 4
	LevelFatal = slog.LevelError + 4
	LevelPanic = slog.LevelError + 8
)

// FromHandler returns a logger that hands every entry to h: the message, the
// level, the time, and the fields as attributes in alphabetical order. h
// alone decides which levels are logged, each time anew, so that a level that
// changes while the program runs takes effect. Records have no source position.
func FromHandler(h slog.Handler) logrus.FieldLogger {
	l := logrus.New()
	l.SetOutput(io.Discard)
	l.SetFormatter(nothing{})
	l.SetLevel(logrus.TraceLevel)
	l.AddHook(hook{h})
	return l
}

// nothing is the formatter of a logger whose entries leave it by a hook.
type nothing struct{}

func (nothing) Format(*logrus.Entry) ([]byte, error) { return nil, nil }

type hook struct{ handler slog.Handler }

func (h hook) Levels() []logrus.Level { return logrus.AllLevels }

func (h hook) Fire(e *logrus.Entry) error {
	ctx := e.Context
	if ctx == nil {
		ctx = context.Background()
	}
	level := slogLevel(e.Level)
	if !h.handler.Enabled(ctx, level) {
		return nil
	}
	r := slog.NewRecord(e.Time, level, e.Message, 0)
	for _, key := range slices.Sorted(maps.Keys(e.Data)) {
		r.AddAttrs(slog.Any(key, e.Data[key]))
	}
	return h.handler.Handle(ctx, r)
}

func slogLevel(l logrus.Level) slog.Level {
	switch l {
	case logrus.TraceLevel:
		return LevelTrace
	case logrus.DebugLevel:
		return slog.LevelDebug
	case logrus.InfoLevel:
		return slog.LevelInfo
	case logrus.WarnLevel:
		return slog.LevelWarn
	case logrus.FatalLevel:
		return LevelFatal
	case logrus.PanicLevel:
		return LevelPanic
	}
	return slog.LevelError
}
