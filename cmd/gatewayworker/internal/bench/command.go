package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
)

// Command is "gatewayworker bench".
func Command() *cli.Command {
	return &cli.Command{
		Name:      "bench",
		Usage:     "put load on a GatewayWorker cluster, PHP or Go, and measure it",
		ArgsUsage: strings.Join(Scenarios(), "|") + " ...",
		Description: "Opens clients, is the worker behind the gateway itself unless --worker=none, pushes on\n" +
			"the inner port, and reports what arrived, how fast, and what it cost the server\n" +
			"processes that --gateway-pid and --worker-pid name. \"floor\" needs no server: it\n" +
			"measures what the kernel charges for small writes, for an echo and for closing.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "address", Aliases: []string{"a"}, Usage: "client `ADDRESS`: websocket://127.0.0.1:8282, wss://, text://, frame:// or tcp://; several are used in turn", Value: cli.NewStringSlice("websocket://127.0.0.1:8282")},
			&cli.StringSliceFlag{Name: "inner", Aliases: []string{"i"}, Usage: "`LANIP:LANPORT` of each gateway process behind the address", Value: cli.NewStringSlice("127.0.0.1:2900")},
			&cli.StringFlag{Name: "secret-key", Usage: "`KEY` of the cluster", EnvVars: []string{"GATEWAYWORKER_SECRET_KEY"}},
			&cli.StringFlag{Name: "worker", Usage: "self: the load generator is the worker; none: one runs already (echo and mixed need one that echoes)", Value: string(WorkerSelf)},
			&cli.IntSliceFlag{Name: "gateway-pid", Usage: "measure this process and its children as the gateway"},
			&cli.IntSliceFlag{Name: "worker-pid", Usage: "measure this process and its children as the worker"},
			&cli.IntFlag{Name: "clients", Aliases: []string{"c"}, Usage: "connections, at most 18,000", DefaultText: "by scenario"},
			&cli.IntFlag{Name: "messages", Aliases: []string{"n"}, Usage: "messages of a burst, for churn: groups of each client", DefaultText: "by scenario"},
			&cli.IntFlag{Name: "size", Usage: "bytes of a message", DefaultText: "by scenario"},
			&cli.DurationFlag{Name: "duration", Aliases: []string{"d"}, Usage: "of phases that run for a time", Value: 3 * time.Second},
			&cli.Float64Flag{Name: "rate", Usage: "messages per second of open loops", DefaultText: "half of what the closed loop reached; mixed: 5000"},
			&cli.DurationFlag{Name: "interval", Usage: "between paced messages to many", Value: 200 * time.Millisecond},
			&cli.IntFlag{Name: "groups", Usage: "how many small groups", Value: 1000},
			&cli.IntFlag{Name: "group-size", Usage: "members of a small group", Value: 50},
			&cli.IntFlag{Name: "window", Usage: "handshakes under way at once", Value: 100},
			&cli.BoolFlag{Name: "greeted", Usage: "the existing worker greets each client: storm waits for that"},
			&cli.DurationFlag{Name: "settle", Usage: "wait before memory is read; a Go server gives memory back after two idle minutes at the latest", Value: 10 * time.Second},
			&cli.DurationFlag{Name: "stall", Usage: "give up on missing messages when none came for so long", Value: 5 * time.Second},
			&cli.BoolFlag{Name: "compress", Usage: "websocket clients compress (permessage-deflate), which the gateway must allow with --compression; messages are JSON then"},
			&cli.BoolFlag{Name: "allow-remote", Usage: "permit targets outside 127.0.0.0/8"},
			&cli.BoolFlag{Name: "json", Usage: "print the reports as a JSON array"},
		},
		Action: action,
	}
}

func action(c *cli.Context) error {
	if c.NArg() == 0 {
		return cli.Exit("bench: which scenario? There are "+strings.Join(Scenarios(), ", "), 2)
	}
	ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := Options{
		Addresses: c.StringSlice("address"), InnerAddresses: c.StringSlice("inner"),
		SecretKey: c.String("secret-key"), Worker: WorkerMode(c.String("worker")),
		Clients: c.Int("clients"), Messages: c.Int("messages"), Size: c.Int("size"),
		Duration: c.Duration("duration"), Rate: c.Float64("rate"), Interval: c.Duration("interval"),
		Groups: c.Int("groups"), GroupSize: c.Int("group-size"), Window: c.Int("window"),
		Settle: c.Duration("settle"), Stall: c.Duration("stall"),
		GatewayPIDs: c.IntSlice("gateway-pid"), WorkerPIDs: c.IntSlice("worker-pid"),
		Greeted:     c.Bool("greeted"),
		Compress:    c.Bool("compress"),
		AllowRemote: c.Bool("allow-remote"),
	}
	for _, o.Scenario = range c.Args().Slice() { // a typing mistake shows before the first run
		if _, err := o.plan(); err != nil {
			return cli.Exit(err.Error(), 2)
		}
	}
	out, progress := c.App.Writer, newProgressLine(c.App.ErrWriter)
	if progress != nil {
		o.Progress = progress.show
	}
	reports, complete := []Report{}, true
	for _, o.Scenario = range c.Args().Slice() {
		r, err := Run(ctx, o)
		progress.clear()
		complete = complete && r.Complete()
		if c.Bool("json") {
			reports = append(reports, r)
		} else if len(r.Phases) > 0 {
			if werr := r.WriteText(out); werr != nil {
				return werr
			}
			fmt.Fprintln(out)
		}
		if err != nil {
			if c.Bool("json") {
				_ = writeJSON(out, reports)
			}
			return cli.Exit(err.Error(), 1)
		}
	}
	if c.Bool("json") {
		if err := writeJSON(out, reports); err != nil {
			return err
		}
	}
	if !complete {
		return cli.Exit("bench: not every message arrived once and in order", 4)
	}
	return nil
}

func writeJSON(w io.Writer, reports []Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(reports)
}

// progressLine overwrites one line of a terminal.
type progressLine struct {
	w     io.Writer
	shown bool
}

// newProgressLine returns nil, which shows nothing, when w is no terminal.
func newProgressLine(w io.Writer) *progressLine {
	f, ok := w.(*os.File)
	if !ok {
		return nil
	}
	if st, err := f.Stat(); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return &progressLine{w: w}
}

func (p *progressLine) show(g Progress) {
	text := g.Phase
	if g.Done > 0 || g.Expected > 0 {
		text += ": " + thousands(g.Done)
		if g.Expected > 0 {
			text += " of " + thousands(g.Expected)
		}
	}
	fmt.Fprintf(p.w, "\r\x1b[K%6.1fs  %s", g.Elapsed.Seconds(), text)
	p.shown = true
}

func (p *progressLine) clear() {
	if p != nil && p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
