package logging_test

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/logging"
	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"
)

// textLogger returns a logger that writes text without times to the buffer.
func textLogger(level slog.Leveler) (*slog.Logger, *bytes.Buffer) {
	var buf bytes.Buffer
	return slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				if a.Value.Time().IsZero() {
					return slog.String("time", "missing")
				}
				return slog.Attr{}
			}
			return a
		},
	})), &buf
}

func TestSlog(t *testing.T) {
	s, buf := textLogger(logging.LevelTrace)
	l := logging.Choose(nil, s.With("program", "shop"))
	l = l.WithFields(logrus.Fields{"role": "gateway", "remote": "127.0.0.1:5"})
	l.(*logrus.Entry).Trace("trace")
	l.Debug("debug")
	l.Infof("info %d", 1)
	l.Warn("warn")
	l.WithError(errors.New("broken")).Error("error")
	want := `level=DEBUG-4 msg=trace program=shop remote=127.0.0.1:5 role=gateway
level=DEBUG msg=debug program=shop remote=127.0.0.1:5 role=gateway
level=INFO msg="info 1" program=shop remote=127.0.0.1:5 role=gateway
level=WARN msg=warn program=shop remote=127.0.0.1:5 role=gateway
level=ERROR msg=error program=shop error=broken remote=127.0.0.1:5 role=gateway
`
	if d := cmp.Diff(want, buf.String()); d != "" {
		t.Error(d)
	}
}

// TestSlogLevel: the handler's level holds, also when it changes.
func TestSlogLevel(t *testing.T) {
	var level slog.LevelVar
	level.Set(slog.LevelWarn)
	s, buf := textLogger(&level)
	l := logging.Choose(nil, s)
	l.Info("not heard")
	l.Warn("heard")
	level.Set(slog.LevelInfo)
	l.Info("heard, too")
	want := "level=WARN msg=heard\nlevel=INFO msg=\"heard, too\"\n"
	if d := cmp.Diff(want, buf.String()); d != "" {
		t.Error(d)
	}
}

func TestChoose(t *testing.T) {
	mine := logrus.New()
	s, _ := textLogger(slog.LevelInfo)
	if got := logging.Choose(mine, s); got != logrus.FieldLogger(mine) {
		t.Error("the logrus logger does not come first")
	}
	if got := logging.Choose(nil, nil); got != logrus.FieldLogger(logrus.StandardLogger()) {
		t.Error("the default is not logrus's standard logger")
	}
}
