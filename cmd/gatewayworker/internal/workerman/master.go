package workerman

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Protocol is the version of what the Composer package and the program say to each
// other: the fields of [Master], the answer to [Probe]. It changes when one of them
// would misunderstand the other.
const Protocol = 1

// Master is what a process has to know of the Workerman master above it, and of
// the worker whose place it takes. The Composer package hands it over as JSON.
type Master struct {
	Protocol int `json:"protocol"`

	// CheckOnly ends the program with success when its options are found good:
	// the master asks so before it forks.
	CheckOnly bool `json:"check_only,omitempty"`

	Version     string `json:"version"`      // Workerman's, such as 5.2.2
	Name        string `json:"name"`         // of the worker
	Socket      string `json:"socket"`       // its listen address, as Workerman shows it
	AppProtocol string `json:"app_protocol"` // as `connections` shows it, such as Websocket
	Transport   string `json:"transport"`    // tcp or ssl
	Title       string `json:"title"`        // of the process, in ps
	NameWidth   int    `json:"name_width"`   // of the columns of `status`
	SocketWidth int    `json:"socket_width"`

	StatusFile      string `json:"status_file"`
	ConnectionsFile string `json:"connections_file"`
	LogFile         string `json:"log_file"`
	LogFileMaxSize  int64  `json:"log_file_max_size"` // 0 is without bound
	StdoutFile      string `json:"stdout_file"`

	Daemon      bool    `json:"daemon"`       // started with -d
	Reloadable  bool    `json:"reloadable"`   // reload restarts the worker
	StopTimeout float64 `json:"stop_timeout"` // seconds from the stop to SIGKILL
	Listener    bool    `json:"listener"`     // a listening socket was handed over
	Timers      int     `json:"timers"`       // as `status` shows them

	// PID is the process that the master knows, 0 for this one.
	PID int `json:"-"`

	Timezone  string `json:"timezone"` // of log lines, such as Asia/Shanghai
	UTCOffset int    `json:"utc_offset"`
}

// Parse reads what the Composer package has handed over.
func Parse(text string) (*Master, error) {
	m := new(Master)
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("not what the Composer package writes: %w", err)
	}
	switch {
	case m.Protocol != Protocol:
		return nil, fmt.Errorf("the Composer package speaks version %d, this program %d; install the program that belongs to the package, with vendor/bin/gatewayworker-install", m.Protocol, Protocol)
	case m.Version == "":
		return nil, errors.New("it does not say which Workerman it is")
	}
	return m, nil
}

// four reports whether it is Workerman 4 (or before).
func (m *Master) four() bool {
	return len(m.Version) > 1 && m.Version[1] == '.' && m.Version[0] <= '4'
}

// StopPatience is how long a stop may take: the master kills a child after
// StopTimeout, which in the foreground begins a second before the child hears of
// it.
func (m *Master) StopPatience() time.Duration {
	seconds := max(m.StopTimeout-1.2, m.StopTimeout*0.4)
	return time.Duration(seconds * float64(time.Second))
}

// pid is the number by which the master knows the process.
func (m *Master) pid() int { return cmp.Or(m.PID, os.Getpid()) }

// location is the time zone of log lines.
func (m *Master) location() *time.Location {
	if l, err := time.LoadLocation(m.Timezone); err == nil && m.Timezone != "" {
		return l
	}
	return time.FixedZone(m.Timezone, m.UTCOffset)
}
