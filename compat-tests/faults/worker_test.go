//go:build linux

package faults

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/sirupsen/logrus"
)

// room is the group that every client is in.
const room = "room"

// workerMain is the Go worker of the cluster; testdata/worker.php is the same in
// PHP. REGISTER_ADDRESS, JOURNAL. It ends with SIGTERM, in good order, and with
// its stdin.
func workerMain() int {
	j, err := openJournal(os.Getenv("JOURNAL"))
	if err != nil {
		return fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	endWithStdin()
	log := logrus.New()
	log.SetLevel(logrus.DebugLevel)
	w, err := businessworker.New(&handler{j}, businessworker.Options{
		Name: "faults", RegisterAddresses: []string{os.Getenv("REGISTER_ADDRESS")}, Logger: log,
		ShutdownTimeout: patience / 2, // a machine that stands still for a while is no fault of the schedule
	})
	if err != nil {
		return fail(err)
	}
	j.write(lineBoot)
	go func() {
		for known := -1; ; time.Sleep(2 * time.Millisecond) {
			if n := w.Stats().Gateways; n != known {
				known = n
				j.write(lineGateways, n)
			}
		}
	}()
	if err := w.Run(ctx); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func endWithStdin() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}

type handler struct{ journal *journal }

func (h *handler) OnConnect(_ context.Context, e *businessworker.Event) error {
	h.journal.write(lineConnect, e.ClientID(), e.RemoteAddr().Port())
	return nil
}

func (h *handler) OnWebSocketConnect(ctx context.Context, e *businessworker.Event, hs *businessworker.Handshake) error {
	name := hs.Query.Get("name")
	h.journal.write(lineHandshake, e.ClientID(), e.RemoteAddr().Port(), name)
	return h.greet(ctx, e, name)
}

// greet makes the client known, and tells it its id: when it gets that, the
// gateway has executed the commands before.
func (h *handler) greet(ctx context.Context, e *businessworker.Event, name string) error {
	if err := e.Session().Set("name", name); err != nil {
		return err
	}
	if err := e.BindUID(ctx, "u-"+name); err != nil {
		return err
	}
	if err := e.JoinGroup(ctx, room); err != nil {
		return err
	}
	return e.Send(ctx, fmt.Appendf(nil, "hello %s %s %d", name, e.ClientID(), os.Getpid()))
}

// OnMessage takes "m NAME NUMBER", "s NAME NUMBER", which goes into the session
// as well, and "h NAME NUMBER" of a client that was not greeted.
func (h *handler) OnMessage(ctx context.Context, e *businessworker.Event, msg []byte) error {
	f := strings.Split(string(msg), " ")
	if len(f) != 3 {
		return fmt.Errorf("message %q", msg)
	}
	h.journal.write(lineMessage, e.ClientID(), e.RemoteAddr().Port(), f[1], f[2])
	switch f[0] {
	case "h":
		if err := h.greet(ctx, e, f[1]); err != nil {
			return err
		}
	case "s":
		n, err := strconv.Atoi(f[2])
		if err != nil {
			return err
		}
		if err := e.Session().Set("n", n); err != nil {
			return err
		}
	}
	return e.Send(ctx, fmt.Appendf(nil, "e %s %s %d", f[1], f[2], os.Getpid()))
}

func (h *handler) OnClose(_ context.Context, e *businessworker.Event) error {
	name := e.Session().String("name")
	if name == "" {
		name = "-"
	}
	h.journal.write(lineClose, e.ClientID(), e.RemoteAddr().Port(), name)
	return nil
}
