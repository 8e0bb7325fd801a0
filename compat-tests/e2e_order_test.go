package compattests

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

var (
	orderRounds   = flag.Int("order.rounds", 1000, "rounds of writes and questions in TestReadYourWrites")
	orderAudience = flag.Int("order.audience", 1000, "clients that are broadcast to meanwhile")
	orderPHP      = flag.Bool("order.php", false, "run TestReadYourWrites against PHP's gateway as well, for its figures")
)

// orderPace is the time between broadcasts; PHP needs 10 ms for one to a thousand clients.
const orderPace = 25 * time.Millisecond

// orderResult is what order_rounds.php reports.
type orderResult struct {
	Rounds  int            `json:"rounds"`
	Wrong   map[string]int `json:"wrong"`
	Silent  int            `json:"silent"` // no answer within 5 s
	Seconds float64        `json:"seconds"`
}

// TestReadYourWrites has PHP programs write and at once ask for what they wrote,
// over a connection of its own for every call or over kept ones, while another
// program broadcasts to a thousand clients. No answer may be from before the write.
func TestReadYourWrites(t *testing.T) {
	t.Parallel()
	startE2E(t)
	for _, by := range []implementation{php{}, ours} {
		if by == (php{}) && !*orderPHP {
			continue
		}
		t.Run(by.name(), func(t *testing.T) {
			e := enterE2E(t)
			r := e.register(by, "")
			gw := e.gateway(by, "gw1", gatewayConfig{}, r)
			e.await(r, gw)
			e.phpWorker(e2eFile("OrderEvents.php"), 1, 1, []*e2eRegister{r})
			subject := e.dial("subject", "ws://"+gw.client+"/", nil)
			id := subject.must()
			stop := e.broadcastTo(e.audience(gw, *orderAudience), gw)

			client := func(persistent string) func() ([]byte, error) {
				return func() ([]byte, error) {
					return e.phpOutput("order_client.php", "REGISTER_ADDRESS="+r.address, "CLIENT_ID="+id,
						"ROUNDS="+strconv.Itoa(*orderRounds), "PERSISTENT="+persistent)
				}
			}
			subject.ignore = func(message string) bool { return message[0] != '{' } // broadcasts
			for _, program := range []struct {
				name string
				run  func() ([]byte, error)
			}{
				{"GatewayClient", client("0")},
				{"GatewayClient, persistent", client("1")},
				{"Lib\\Gateway in a worker", func() ([]byte, error) {
					subject.send(strconv.Itoa(*orderRounds))
					return []byte(subject.within(10 * time.Minute)), nil
				}},
			} {
				var result orderResult
				if out, err := program.run(); err != nil {
					t.Fatalf("%s: %v", program.name, err)
				} else if err := json.Unmarshal(out, &result); err != nil {
					t.Fatalf("%s: %v in %s", program.name, err, out)
				}
				t.Logf("%s: %d rounds in %.1f s, wrong answers %v, no answer %d", program.name, result.Rounds, result.Seconds, result.Wrong, result.Silent)
				want := map[string]int{"bindUid": 0, "joinGroup": 0, "leaveGroup": 0}
				if by != (php{}) && (!maps.Equal(result.Wrong, want) || result.Silent != 0) || result.Rounds != *orderRounds {
					t.Errorf("%s: %+v", program.name, result)
				}
			}
			t.Logf("%d broadcasts to %d clients meanwhile, none lost", stop(), *orderAudience)
		})
	}
}

// audience connects n clients that only listen.
func (e *e2e) audience(gw *e2eGateway, n int) []*websocket.Conn {
	e.Helper()
	conns := make([]*websocket.Conn, n)
	errs := make(chan error, n)
	var wg sync.WaitGroup
	limit := make(chan struct{}, 16)
	for i := range conns {
		limit <- struct{}{}
		wg.Go(func() {
			conn, _, err := websocket.DefaultDialer.Dial("ws://"+gw.client+"/", nil)
			if err == nil {
				_, _, err = conn.ReadMessage() // its id: the worker knows it
			}
			conns[i] = conn
			errs <- err
			<-limit
		})
	}
	wg.Wait()
	e.Cleanup(func() {
		for _, conn := range conns {
			if conn != nil {
				conn.Close()
			}
		}
	})
	for range conns {
		if err := <-errs; err != nil {
			e.Fatal(err)
		}
	}
	return conns
}

// broadcastTo sends to all clients, over an inner connection of its own, until
// stopped: stop waits until each of the clients has all broadcasts, in order,
// and returns their number.
func (e *e2e) broadcastTo(audience []*websocket.Conn, gw *e2eGateway) (stop func() int) {
	e.Helper()
	conn, err := net.Dial("tcp", gw.inner)
	if err != nil {
		e.Fatal(err)
	}
	_, _ = conn.Write(gp.AppendMessage(nil, clientConnect("")))
	send := func(text string) error {
		_, err := conn.Write(gp.AppendMessage(nil, sendToAll("", text)))
		return err
	}
	quit := make(chan struct{})
	sent := make(chan int, 1)
	go func() {
		defer conn.Close()
		ticker := time.NewTicker(orderPace)
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-quit:
				_ = send("end")
				sent <- n
				return
			case <-ticker.C:
				if err := send("broadcast " + strconv.Itoa(n)); err != nil {
					e.Errorf("broadcast: %v", err)
				}
			}
		}
	}()
	heard := make(chan error, len(audience))
	counts := make([]int, len(audience))
	for i, client := range audience {
		go func() { heard <- listenToEnd(client, &counts[i]) }()
	}
	stopped := false
	stop = func() int {
		stopped = true
		close(quit)
		n := <-sent
		for range audience {
			if err := <-heard; err != nil {
				e.Fatal(err)
			}
		}
		for i, count := range counts {
			if count != n {
				e.Errorf("client %d heard %d of %d broadcasts", i, count, n)
			}
		}
		return n
	}
	e.Cleanup(func() {
		if !stopped {
			close(quit)
			<-sent
		}
	})
	return stop
}

// listenToEnd counts the broadcasts up to the end.
func listenToEnd(client *websocket.Conn, count *int) error {
	for {
		_ = client.SetReadDeadline(time.Now().Add(5 * time.Minute))
		_, data, err := client.ReadMessage()
		if err != nil || string(data) == "end" {
			return err
		}
		if want := fmt.Sprintf("broadcast %d", *count); string(data) != want {
			return fmt.Errorf("message %q, want %q", data, want)
		}
		*count++
	}
}
