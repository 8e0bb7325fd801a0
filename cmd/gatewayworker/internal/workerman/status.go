package workerman

import (
	"math"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
)

// Figures are what the line of `status` says of a process.
type Figures struct {
	Connections  int
	SendFail     uint64
	TotalRequest uint64
}

// Status appends the process's line to the master's file. (PHP:
// writeStatisticsToStatusFile.)
func (m *Master) Status(f Figures) error {
	return appendTo(m.StatusFile, m.statusLine(m.pid(), memory(), f))
}

func (m *Master) statusLine(pid int, memory uint64, f Figures) string {
	name := m.Name
	if name == m.Socket {
		name = "none"
	}
	var b strings.Builder
	b.WriteString(strconv.Itoa(pid) + "\t")
	column(&b, rounded(float64(memory)/(1<<20), 2)+"M", 7)
	column(&b, m.Socket, m.SocketWidth)
	column(&b, name, m.NameWidth)
	column(&b, strconv.Itoa(f.Connections), 11)
	column(&b, strconv.FormatUint(f.SendFail, 10), 9)
	column(&b, strconv.Itoa(m.Timers), 7)
	pad(&b, strconv.FormatUint(f.TotalRequest, 10), 13)
	b.WriteByte('\n')
	return b.String()
}

// column writes text, filled up to width bytes, and a space.
func column(b *strings.Builder, text string, width int) {
	pad(b, text, width)
	b.WriteByte(' ')
}

// pad is PHP's str_pad, which counts bytes.
func pad(b *strings.Builder, text string, width int) {
	b.WriteString(text)
	b.WriteString(strings.Repeat(" ", max(0, width-len(text))))
}

// rounded is PHP's round, as text.
func rounded(x float64, digits int) string {
	scale := math.Pow10(digits)
	return strconv.FormatFloat(math.Round(x*scale)/scale, 'f', -1, 64)
}

// memory is what the program has from the system and uses.
func memory() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64() - s[1].Value.Uint64() - s[2].Value.Uint64()
}

// appendTo writes text to the end of a file with one call, so that lines of several
// processes do not mix.
func appendTo(file, text string) error {
	if text == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
