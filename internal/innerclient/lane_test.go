package innerclient

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
	"github.com/go-gatewayworker/gatewayworker/internal/innerconn"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A laneTest is a Lane whose gateway the test plays.
type laneTest struct {
	*Lane
	t       *testing.T
	gateway net.Conn
}

func newLane(t *testing.T, patience time.Duration) *laneTest {
	near, far := net.Pipe()
	far.SetDeadline(time.Now().Add(2 * time.Minute))
	out := innerconn.NewSender(near, 1<<20)
	l := &laneTest{NewLane(out, patience), t, far}
	t.Cleanup(func() { out.Close(); far.Close() })
	return l
}

// command sends a command, which the gateway reads.
func (l *laneTest) command() {
	l.t.Helper()
	if err := l.Command(gatewayprotocol.Message{Cmd: gatewayprotocol.CmdSendToAll}); err != nil {
		l.t.Fatal(err)
	}
	l.out.Flush()
	l.expect(gatewayprotocol.CmdSendToAll)
}

// expect reads a frame at the gateway.
func (l *laneTest) expect(cmd gatewayprotocol.Command) {
	l.t.Helper()
	head := make([]byte, gatewayprotocol.HeadLen)
	if _, err := io.ReadFull(l.gateway, head); err != nil {
		l.t.Fatal(err)
	}
	var m gatewayprotocol.Message
	if _, err := gatewayprotocol.DecodeMessage(head, &m, 0); err != nil || m.Cmd != cmd {
		l.t.Fatalf("the gateway got %s (%v), want %s", m.Cmd, err, cmd)
	}
}

// settle starts Settle; the error comes by the channel.
func (l *laneTest) settle(ctx context.Context) <-chan error {
	done := make(chan error, 1)
	go func() { done <- l.Settle(ctx) }()
	return done
}

func wait(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(2 * time.Minute):
		t.Fatal("Settle does not return")
		return nil
	}
}

// TestSettle: it asks only when there is something to know, and once for all
// who want to know the same.
func TestSettle(t *testing.T) {
	l := newLane(t, time.Minute)
	ctx := context.Background()
	if err := wait(t, l.settle(ctx)); err != nil || l.Waiting() != 0 {
		t.Fatalf("without a command: %v, %d questions", err, l.Waiting())
	}
	l.command()
	if l.Settled() {
		t.Fatal("settled before the gateway answered")
	}
	first := l.settle(ctx)
	l.expect(gatewayprotocol.CmdIsOnline)
	if q, err := l.probe(); err != nil || q != l.asked[0] {
		t.Fatalf("a second question for the same command (%v)", err)
	}
	l.command()
	if l.Answered([]byte("i:0;")) == nil {
		t.Fatal("the answer is not taken")
	}
	if err := wait(t, first); err != nil {
		t.Fatal(err)
	}
	if l.Settled() {
		t.Error("settled, though a command went out after the probe")
	}
}

// TestLostAnswer: a gateway that drops an answer costs one question its time;
// no later answer is ever taken for more than it says, and the next Settle
// works.
func TestLostAnswer(t *testing.T) {
	l := newLane(t, time.Millisecond)
	l.command()
	ctx, cancel := context.WithCancel(context.Background())
	lost := l.settle(ctx)
	l.expect(gatewayprotocol.CmdIsOnline) // its answer is dropped
	cancel()
	if err := wait(t, lost); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond) // longer than the Lane's patience: a span of time, not an event
	l.command()
	done := l.settle(context.Background())
	l.expect(gatewayprotocol.CmdGetSessionByClientID)
	if q := l.Answered([]byte("N;")); q == nil {
		t.Fatal("the answer is not taken")
	}
	if err := wait(t, done); err != nil || !l.Settled() || l.Waiting() != 0 {
		t.Errorf("after the other probe's answer: %v, settled %v, %d questions", err, l.Settled(), l.Waiting())
	}
	l.command()
	done = l.settle(context.Background())
	l.expect(gatewayprotocol.CmdIsOnline)
	l.Answered([]byte("i:0;"))
	if err := wait(t, done); err != nil || !l.Settled() {
		t.Errorf("the one after: %v, settled %v", err, l.Settled())
	}
}

// TestLateAnswer: the late answer to a probe that its caller gave up does not
// confirm what was commanded after it.
func TestLateAnswer(t *testing.T) {
	l := newLane(t, time.Minute)
	l.command()
	ctx, cancel := context.WithCancel(context.Background())
	first := l.settle(ctx)
	l.expect(gatewayprotocol.CmdIsOnline)
	cancel()
	if err := wait(t, first); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	l.command()
	second := l.settle(context.Background())
	l.expect(gatewayprotocol.CmdIsOnline)
	l.Answered([]byte("i:0;")) // the first one's
	if l.Settled() {
		t.Fatal("the late answer counts for the second command")
	}
	l.Answered([]byte("i:0;"))
	if err := wait(t, second); err != nil || !l.Settled() {
		t.Error(err)
	}
}

func TestLaneEnds(t *testing.T) {
	l := newLane(t, time.Minute)
	l.command()
	done := l.settle(context.Background())
	l.expect(gatewayprotocol.CmdIsOnline)
	if n := len(l.End(io.EOF)); n != 1 {
		t.Errorf("%d questions were waiting, want 1", n)
	}
	if err := wait(t, done); err != nil {
		t.Errorf("Settle: %v: a connection that ended has nothing to wait for", err)
	}
	if err := l.Settle(context.Background()); err != nil {
		t.Errorf("Settle after the end: %v", err)
	}
	if l.Answered([]byte("i:0;")) != nil {
		t.Error("an answer is taken after the end")
	}
}

// FuzzLane plays a gateway that answers probes or drops the answers: a Lane never
// takes more commands for executed than the gateway has executed.
func FuzzLane(tf *testing.F) {
	f := fuzzvolume.For(tf)
	f.Add(false, []byte("cpcapcda"))
	f.Add(true, []byte("cpcpcpdaacpdcpaa"))
	f.Add(true, []byte("cpdcpdcpacpacpa"))
	f.Fuzz(func(t *testing.T, patient bool, script []byte) {
		near, far := net.Pipe()
		defer far.Close()
		go io.Copy(io.Discard, far)
		out := innerconn.NewSender(near, 1<<20)
		defer out.Close()
		l := NewLane(out, time.Nanosecond)
		if patient {
			l.patience = time.Hour
		}
		var atGateway []*Question // probes that it has not come to
		for _, b := range script {
			switch b {
			case 'c':
				_ = l.Command(gatewayprotocol.Message{Cmd: gatewayprotocol.CmdSendToAll})
			case 'p':
				if q, _ := l.probe(); q != nil && !q.given {
					q.given = true
					atGateway = append(atGateway, q)
				}
			case 'a', 'd':
				if len(atGateway) == 0 {
					continue
				}
				q := atGateway[0]
				atGateway = atGateway[1:]
				if b == 'd' {
					continue
				}
				if l.Answered([]byte{q.probe.answer}) == nil {
					t.Fatalf("%q: an answer fits no question", script)
				}
				if l.confirmed > q.commands {
					t.Fatalf("%q: %d commands are taken for executed, the gateway has executed %d", script, l.confirmed, q.commands)
				}
			}
		}
	})
}
