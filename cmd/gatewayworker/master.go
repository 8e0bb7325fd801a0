package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/earlysignals"
	"github.com/go-gatewayworker/gatewayworker/cmd/gatewayworker/internal/workerman"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// How the program lives under a Workerman master, whose worker it takes the place
// of; the Composer package starts it so.

// masterName is the key of the master in the app's metadata.
const masterName = "master"

func masterFlag() cli.Flag {
	return &cli.StringFlag{Name: "workerman", Category: categoryProcess, Usage: "`JSON` of the Composer package, which starts the program in the place of a worker of Workerman's, so that its master's commands and signals work"}
}

// master is the Workerman master above the process. A nil *master is none.
type master struct {
	*workerman.Master
	signals chan os.Signal // that the master sends
}

// masterOf reads masterFlag.
func masterOf(c *cli.Context) (*master, error) {
	text := c.String("workerman")
	if text == "" {
		return nil, nil
	}
	parsed, err := workerman.Parse(text)
	if err != nil {
		return nil, &flagError{"workerman", "", err.Error()}
	}
	m := &master{parsed, earlysignals.Caught}
	if m.CheckOnly {
		return m, nil
	}
	workerman.SetTitle(m.Title)
	c.App.Metadata[masterName] = m
	if f, err := os.OpenFile(m.LogFile, os.O_WRONLY|os.O_APPEND, 0); err == nil {
		_ = debug.SetCrashOutput(f, debug.CrashOptions{}) // a copy of f
		_ = f.Close()
	}
	return m, nil
}

// checks reports whether the program ends when its options are found good.
func (m *master) checks() bool { return m != nil && m.CheckOnly }

// logs reports whether log lines go to Workerman's log.
func (m *master) logs() bool { return m != nil && !m.CheckOnly }

// listens reports whether the master has opened the port.
func (m *master) listens() bool { return m != nil && m.Listener }

// listen returns the listener that the master has opened at an address.
func (m *master) listen(text string) (net.Listener, error) {
	a, err := gatewayprotocol.ParseListenAddress(text)
	if err != nil {
		return nil, listenError("listen", text, err)
	}
	return m.Listen(a.Port)
}

// underMaster is a server whose figures Workerman's commands show.
type underMaster interface {
	figures() workerman.Figures
	connections() ([]workerman.Connection, error)
	// vacated returns when no one is left for whom the server has to go on, or
	// when ctx ends.
	vacated(ctx context.Context)
}

// serveUnderMaster is serve under a master. A stop has the exit code 0, as that of
// a worker of PHP's, and further signals do not cut it short: a terminal's
// Ctrl-C reaches the process before the master's signal does.
func (p *process) serveUnderMaster(servers []server) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go p.obey(ctx, servers)
	err := p.supervise(servers)
	if coded, ok := errors.AsType[*codedError](err); ok && coded.code == exitUnfinished {
		p.log.Warn(err)
		return nil
	}
	return err
}

// obey does what the master's signals ask for, until ctx ends.
func (p *process) obey(ctx context.Context, servers []server) {
	stopping := false
	stop := func(s os.Signal) {
		select {
		case p.stops <- s:
		default: // it stops already
		}
	}
	for {
		var s os.Signal
		select {
		case s = <-p.master.signals:
		case <-ctx.Done():
			return
		}
		switch p.master.Asks(s) {
		case workerman.Stop:
			if !stopping {
				stopping = true
				stop(s)
			}
		case workerman.StopGracefully:
			go func() {
				for _, server := range servers {
					if u, ok := server.(underMaster); ok {
						u.vacated(ctx)
					}
				}
				if ctx.Err() == nil {
					p.master.signals <- os.Interrupt
				}
			}()
		case workerman.Reload:
			_, _ = p.reloadFor("reload") // the log has it
		case workerman.Status:
			p.report("status", servers, func(u underMaster) error { return p.master.Status(u.figures()) })
		case workerman.Connections:
			p.report("connections", servers, func(u underMaster) error {
				all, err := u.connections()
				return errors.Join(err, p.master.Connections(all))
			})
		}
	}
}

func (p *process) report(command string, servers []server, write func(underMaster) error) {
	for _, s := range servers {
		if u, ok := s.(underMaster); ok {
			if err := write(u); err != nil {
				p.log.WithError(err).Warnf("cannot report to Workerman's %s", command)
			}
		}
	}
}

// How a worker of PHP's fails: after a second, so that a master which starts it
// anew at once does not do so all the time, and with the code of its stopAll.
const (
	failurePause = time.Second
	exitWorker   = 250
)

// failUnderMaster turns the exit code of a failure into that of a worker of
// Workerman's.
func failUnderMaster(app *cli.App, code int) int {
	if app.Metadata[masterName] == nil || code == 0 {
		return code
	}
	time.Sleep(failurePause)
	return exitWorker
}

// probeCommand says which program this is, for the Composer package.
func probeCommand() *cli.Command {
	return &cli.Command{
		Name: "workerman", Hidden: true, HideHelp: true,
		Usage: "say which program this is, for the Composer package",
		Action: func(c *cli.Context) error {
			number, _, _ := strings.Cut(version(), " ")
			text, err := json.Marshal(map[string]any{
				"protocol": workerman.Protocol,
				"version":  number,
				"os":       runtime.GOOS,
				"arch":     runtime.GOARCH,
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.App.Writer, "%s\n", text)
			return err
		},
	}
}
