package testprocess

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	Main(map[string]Role{"upper": func(config json.RawMessage) (any, func() any, error) {
		var word string
		if err := json.Unmarshal(config, &word); err != nil {
			return nil, nil, err
		}
		fmt.Fprintln(os.Stderr, "playing")
		return strings.ToUpper(word), func() any { return os.Getenv("LOUD") }, nil
	}})
	os.Exit(m.Run())
}

func TestProcess(t *testing.T) {
	var ready string
	p := Start(t, "upper", "word", &ready, "LOUD=yes")
	if ready != "WORD" {
		t.Errorf("ready: %q", ready)
	}
	s := p.Collected(t)
	if s.Goroutines < 1 || s.Heap == 0 || string(s.State) != `"yes"` {
		t.Errorf("%+v", s)
	}
	if runtime.GOOS == "linux" && (s.Files < 3 || s.RSS == 0 || s.PSS == 0 || s.PeakRSS < s.RSS || s.Threads == 0) {
		t.Errorf("%+v", s)
	}
	p.ResetPeak()
	if p.Stats(t).Goroutines < 1 || !strings.Contains(p.Log(), "playing") {
		t.Errorf("it says %q", p.Log())
	}
}
