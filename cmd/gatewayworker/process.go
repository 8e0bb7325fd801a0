package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/earlysignals"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/sdnotify"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/workerman"
	"github.com/go-gatewayworker/gatewayworker/internal/logging"
)

// Bounds of what is written to stderr by a process that serves.
const (
	logBuffer   = 1 << 20         // bytes that may wait while stderr is not read
	logPatience = 2 * time.Second // at the end of the process, for what still waits
)

// servingHelp is the end of the description of each command that serves.
const servingHelp = "\n\nSIGTERM and SIGINT stop it in good order, a second one stops it at once. SIGHUP reads the\n" +
	"configuration file and the files of TLS again. Logs go to stderr.\n\n" +
	"Exit codes: 0 stopped in good order; 1 failed; 2 wrong usage; 5 the stop was cut short by a\n" +
	"second signal or by stop-timeout."

// process is what the commands that serve have in common: how they log, and
// which signals they catch.
type process struct {
	log         *logrus.Logger
	stopTimeout time.Duration
	master      *master        // nil unless the process is a child of Workerman's
	stops       chan os.Signal // SIGINT and SIGTERM
	hangups     chan os.Signal // SIGHUP

	typed    *cli.Context // flags and variables, without the file
	started  *settings    // as they were at the start
	units    []*unit      // the gateways as they run; none in a Register's process
	gateways []gatewayServer
	// ownRegister is where gateways without register-address are announced.
	ownRegister string

	reloading sync.Mutex // guards settings
	settings  *settings  // as they were last read

	app       *cli.App
	servers   []server // once they serve
	ports     []port
	successor *successor // nil unless it takes the place of another process
	upgrading *upgrading
	passed    *stopSignals   // to stops, in a process whose pid another one holds
	upgrades  chan os.Signal // SIGUSR2
}

// newProcess is the first step of each command that serves. From here on the
// process catches signals, and survives a stderr that is closed or not read:
// stderr belongs to the log's writer, which run closes.
//
// Afterwards c has the options of the configuration file, too.
func newProcess(c *cli.Context) (*process, error) {
	p := &process{
		app:       c.App,
		stops:     make(chan os.Signal, 2),
		hangups:   earlysignals.Hangups,
		upgrades:  make(chan os.Signal, 1),
		upgrading: newUpgrading(),
	}
	p.successor, _ = c.App.Metadata[successorName].(*successor)
	if err := p.successor.agree(); err != nil {
		return nil, err
	}
	if err := noArguments(c); err != nil {
		return nil, err
	}
	if err := p.readSettings(c); err != nil {
		return nil, err
	}
	p.stopTimeout = secondsOf(c, "stop-timeout")
	var err error
	if p.master, err = masterOf(c); err != nil {
		return nil, err
	}
	if p.master == nil {
		p.catchStops()
		signal.Notify(p.hangups, syscall.SIGHUP)
	} else {
		p.stopTimeout = min(p.stopTimeout, p.master.StopPatience())
	}
	// By default a write to a stderr without a reader ends a Go program.
	signal.Ignore(syscall.SIGPIPE)
	if p.log, err = newLogger(c, p.master); err != nil {
		return nil, err
	}
	for _, complaint := range unknownVariables(c.App, os.Environ()) {
		p.log.Warn(complaint)
	}
	return p, nil
}

// serve runs servers until SIGINT or SIGTERM, or until one of them fails. They
// are stopped in the order given.
//
// The signals stay caught when it returns: one that comes while the process ends
// must not change its exit code.
func (p *process) serve(servers ...server) error {
	if path := p.settings.process.String("control-socket"); path != "" {
		control, err := p.openControl(path)
		if err != nil {
			return p.settings.process.blame(err)
		}
		servers = append(servers, control)
	}
	acme, err := p.openACME()
	servers = append(servers, acme...)
	if err != nil {
		return err
	}
	p.servers = servers
	if err := p.succeed(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	watching.Go(func() { p.watchCertificates(ctx, p.watchInterval()) })
	watching.Go(func() { p.stayAlive(ctx) })
	watching.Go(func() { p.watchUpgrades(ctx) })
	defer watching.Wait()
	defer cancel()
	sdnotify.Send(sdnotify.Ready) // the ports are open
	if p.master != nil {
		return p.serveUnderMaster(servers)
	}
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		for {
			select {
			case s := <-p.hangups:
				if _, err := p.reloadFor("SIGHUP"); errors.Is(err, errMoved) {
					p.hangups <- s // for the process that serves now
					return
				}
			case <-stopped:
				return
			}
		}
	}()
	return p.supervise(servers)
}

// supervise runs servers until the process stops or another one takes its place.
func (p *process) supervise(servers []server) error {
	return supervise(p.log, p.stops, p.stopTimeout, servers, p.upgrading)
}

// watchInterval is how often files of TLS are looked at.
func (p *process) watchInterval() time.Duration {
	if p.settings.process.Generic("ssl-watch") == nil {
		return 0 // a Register has none
	}
	return secondsOf(p.settings.process.Context, "ssl-watch")
}

// readSettings puts the options of the configuration file into c, below its
// flags and variables.
func (p *process) readSettings(c *cli.Context) error {
	p.typed = new(*c)
	s, err := loadSettings(p.typed)
	if err != nil {
		return err
	}
	p.started, p.settings = s, s
	c.App.Metadata[settingsName] = s
	*c = *s.process.Context
	return nil
}

// settingsName is the key of the settings in the app's metadata, for errors.
const settingsName = "settings"

// newLogger makes the logger that the flags ask for, and puts its writer in the
// place of the program's stderr.
func newLogger(c *cli.Context, m *master) (*logrus.Logger, error) {
	level, err := logrus.ParseLevel(c.String("log-level"))
	if err != nil {
		return nil, &flagError{"log-level", c.String("log-level"), "want error, warn, info or debug"}
	}
	// The writer has a formatter of its own, as it runs beside the logger.
	format, err := logFormatter(c, c.App.ErrWriter)
	if err != nil {
		return nil, err
	}
	forWriter, _ := logFormatter(c, c.App.ErrWriter)
	if m.logs() {
		c.App.ErrWriter = m.Log(c.App.Writer)
		format, forWriter = workerman.Formatter{}, workerman.Formatter{}
	}
	log := logrus.New()
	log.SetLevel(level)
	log.SetFormatter(format)
	stderr := logging.NewWriter(c.App.ErrWriter, logBuffer, func(lines int) []byte {
		e := log.WithField("lines", lines)
		e.Time, e.Level, e.Message = time.Now(), logrus.WarnLevel, "log lines are missing here: stderr was not read fast enough, or could not be written"
		text, err := forWriter.Format(e)
		if err != nil {
			return nil
		}
		return text
	})
	c.App.ErrWriter = stderr
	log.SetOutput(stderr)
	return log, nil
}

func logFormatter(c *cli.Context, stderr io.Writer) (logrus.Formatter, error) {
	switch format := c.String("log-format"); format {
	case "text":
		// Behind the log's writer logrus cannot see a terminal.
		return &logrus.TextFormatter{FullTimestamp: true, ForceColors: isTerminal(stderr) && runtime.GOOS != "windows"}, nil
	case "json":
		return &logrus.JSONFormatter{}, nil
	default:
		return nil, &flagError{"log-format", format, "want text or json"}
	}
}
