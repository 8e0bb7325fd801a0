package upgrade

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// library is a process of PHP's with a GatewayClient.
type library struct {
	to   io.Writer
	from *bufio.Reader
}

func startLibrary(t *testing.T, env ...string) *library {
	t.Helper()
	rw := clustertest.StartPHPCalls(t, env...)
	return &library{rw, bufio.NewReader(rw)}
}

// call calls a method, and returns [result, output, exception], serialized.
func (l *library) call(method string, args ...any) (string, error) {
	if args == nil {
		args = []any{}
	}
	request, err := json.Marshal(map[string]any{"method": method, "args": args})
	if err != nil {
		return "", err
	}
	if _, err := l.to.Write(append(request, '\n')); err != nil {
		return "", err
	}
	line, err := l.from.ReadString('\n')
	if err != nil {
		return "", err
	}
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	return string(answer), err
}

// nothing is the answer of a call that returns null.
const nothing = `a:3:{i:0;N;i:1;s:0:"";i:2;N;}`

// TestWithPHP: clients whose messages PHP's BusinessWorker answers, and two of PHP's
// GatewayClients, that keep their connections and that make one for each call, send
// and ask. Nobody notices that the program, a Register and a gateway, is replaced.
func TestWithPHP(t *testing.T) {
	clustertest.NeedPHP(t)
	const clients = 20
	ports := freePorts(t, 3)
	register := "127.0.0.1:" + ports[2]
	p := start(t, "start", "--listen", "websocket://127.0.0.1:"+ports[0], "--start-port", ports[1], "--register-listen", "text://"+register, "--chat=false", "--admin-listen", "off")
	clustertest.StartPHPWorker(t, "REGISTER_ADDRESS="+register, "WORKER_COUNT=3", "EVENTS=connect")
	lasting, passing := startLibrary(t, "REGISTER_ADDRESS="+register, "PERSISTENT=1"), startLibrary(t, "REGISTER_ADDRESS="+register)

	talkers := make([]*talker, clients)
	for i := range talkers {
		talkers[i] = join(t, "ws://127.0.0.1:"+ports[0], fmt.Sprintf("u%d", i))
		if got, err := lasting.call("bindUid", talkers[i].id, talkers[i].uid); err != nil || got != nothing {
			t.Fatalf("bindUid: %q, %v", got, err)
		}
	}
	const question = "getAllClientIdList"
	first, err := lasting.call(question)
	if err != nil {
		t.Fatal(err)
	}

	var stop atomic.Bool
	var all sync.WaitGroup
	failed := make(chan error, clients+2)
	run := func(name string, f func() error) {
		all.Go(func() {
			if err := f(); err != nil {
				stop.Store(true)
				failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	for _, k := range talkers {
		run(k.uid, func() error { return k.talk(&stop) })
	}
	asked, pushed := 0, map[string][]int{"lasting": make([]int, clients), "passing": make([]int, clients)}
	for name, l := range map[string]*library{"lasting": lasting, "passing": passing} {
		run(name, func() error {
			for n := 0; !stop.Load(); n++ {
				to := n % clients
				if got, err := l.call("sendToUid", talkers[to].uid, fmt.Sprintf("push %s %d", name, pushed[name][to])); err != nil || got != nothing {
					return fmt.Errorf("sendToUid: %q, %w", got, err)
				}
				pushed[name][to]++
				got, err := l.call(question)
				if err != nil || got != first {
					return fmt.Errorf("%s: %q, before %q, %w", question, got, first, err)
				}
				if name == "lasting" {
					asked++
				}
			}
			return nil
		})
	}
	longest := 0.0
	for i := 0; i < *times && !stop.Load(); i++ {
		time.Sleep(100 * time.Millisecond) // there is something to be lost then
		u, err := p.upgrade()
		if err != nil {
			t.Error(err)
			break
		}
		if u.clients != clients {
			t.Errorf("%d clients have passed, want %d", u.clients, clients)
		}
		longest = max(longest, u.pause)
	}
	stop.Store(true)
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	// Everything that was sent arrives, and nothing else.
	said := 0
	for i, k := range talkers {
		if err := k.echo(); err != nil { // behind what is still on its way
			t.Errorf("%s: %v", k.uid, err)
		}
		for name, n := range pushed {
			if k.pushes[name] != n[i] {
				t.Errorf("%s got %d messages of the %s GatewayClient, which has sent %d", k.uid, k.pushes[name], name, n[i])
			}
		}
		said += k.sent
	}
	t.Logf("%d upgrades, %d messages answered, %d questions of a lasting GatewayClient; the longest pause was %.1f ms", *times, said, asked, longest)
}

// talker is a client that says something and waits for the answer, again and again.
type talker struct {
	id     string // of the client
	uid    string
	ws     *websocket.Conn
	sent   int
	pushes map[string]int // what comes next, by GatewayClient
}

// join connects a client, whom the worker tells its id.
func join(t *testing.T, url, uid string) *talker {
	t.Helper()
	k := &talker{uid: uid, pushes: map[string]int{}}
	testwait.Until(t, "a worker takes clients", func() bool {
		ws, _, err := websocket.DefaultDialer.Dial(url, nil)
		if err != nil {
			return false
		}
		_ = ws.SetReadDeadline(time.Now().Add(patience))
		_, hello, err := ws.ReadMessage()
		if err != nil {
			ws.Close()
			return false
		}
		k.ws, k.id = ws, strings.TrimPrefix(string(hello), "connect ")
		return true
	})
	t.Cleanup(func() { k.ws.Close() })
	return k
}

// echo says something, and waits until it comes back.
func (k *talker) echo() error {
	text := fmt.Sprintf("echo %d", k.sent)
	k.sent++
	if err := k.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		return err
	}
	return k.await(text)
}

// await reads until a message comes; others before it are pushes, in their order.
func (k *talker) await(text string) error {
	for {
		_ = k.ws.SetReadDeadline(time.Now().Add(patience))
		_, got, err := k.ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("waiting for %q: %w", text, err)
		}
		if string(got) == text {
			return nil
		}
		var by string
		var n int
		if _, err := fmt.Sscanf(string(got), "push %s %d", &by, &n); err != nil || n != k.pushes[by] {
			return fmt.Errorf("got %q, waiting for %q and pushes %v", got, text, k.pushes)
		}
		k.pushes[by]++
	}
}

func (k *talker) talk(stop *atomic.Bool) error {
	for !stop.Load() {
		if err := k.echo(); err != nil {
			return err
		}
	}
	return nil
}
