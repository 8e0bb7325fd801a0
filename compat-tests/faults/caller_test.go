//go:build linux

package faults

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/sirupsen/logrus"
)

// callerMain is a program with gatewayclient. It takes the requests that
// php-fixtures/client_calls.php takes, and answers as that does.
func callerMain() int {
	log := logrus.New()
	log.SetLevel(logrus.DebugLevel)
	client, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: []string{os.Getenv("REGISTER_ADDRESS")}, Logger: log,
		// A machine that stands still for a while is no fault of the schedule.
		ConnectTimeout: patience, QueryTimeout: patience, SendTimeout: patience,
	})
	if err != nil {
		return fail(err)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var request struct {
			Method string
			Args   []json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			return fail(err)
		}
		args := make([]string, len(request.Args))
		for i, arg := range request.Args {
			if json.Unmarshal(arg, &args[i]) != nil {
				args[i] = string(arg) // the session of updateSession
			}
		}
		var exception phpserialize.Value
		result, err := callOne(client, request.Method, args)
		if err != nil {
			exception = err.Error()
		}
		answer := phpserialize.NewArray()
		answer.Append(result)
		answer.Append("")
		answer.Append(exception)
		text, err := phpserialize.Marshal(answer)
		if err != nil {
			return fail(err)
		}
		fmt.Println(base64.StdEncoding.EncodeToString(text))
	}
	return 0
}

func callOne(g *gatewayclient.Client, method string, args []string) (phpserialize.Value, error) {
	ctx := context.Background()
	var id gatewayclient.ClientID
	switch method {
	case "bindUid", "joinGroup", "leaveGroup", "updateSession", "sendToClient", "isOnline", "getSession":
		var err error
		if id, err = gatewayclient.ParseClientID(args[0]); err != nil {
			return nil, err
		}
	}
	switch method {
	case "bindUid":
		return nil, g.BindUID(ctx, id, args[1])
	case "joinGroup":
		return nil, g.JoinGroup(ctx, id, args[1])
	case "leaveGroup":
		return nil, g.LeaveGroup(ctx, id, args[1])
	case "updateSession":
		var values map[string]int
		if err := json.Unmarshal([]byte(args[1]), &values); err != nil {
			return nil, err
		}
		return nil, g.UpdateSession(ctx, id, values)
	case "sendToClient":
		return nil, g.SendToClient(ctx, id, []byte(args[1]))
	case "sendToUid":
		return nil, g.SendToUID(ctx, args[0], []byte(args[1]))
	case "sendToGroup":
		return nil, g.SendToGroup(ctx, args[0], []byte(args[1]))
	case "sendToAll":
		return nil, g.SendToAll(ctx, []byte(args[0]))
	case "sync":
		return nil, g.Sync(ctx)
	case "isOnline":
		online, err := g.IsOnline(ctx, id)
		return online, err
	case "getSession":
		session, err := g.Session(ctx, id)
		if err != nil {
			return nil, err
		}
		return session.Array()
	case "getClientIdByUid":
		ids, err := g.ClientIDsByUID(ctx, args[0])
		return listOf(ids), err
	case "getClientIdListByGroup":
		ids, err := g.ClientIDsByGroup(ctx, args[0])
		return listOf(ids), err
	}
	return nil, fmt.Errorf("no method %s", method)
}

func listOf(ids []gatewayclient.ClientID) *phpserialize.Array {
	list := phpserialize.NewArray()
	for _, id := range ids {
		list.Append(id.String())
	}
	return list
}

// A caller is a GatewayClient in a process of its own, Go's or PHP's.
type caller struct {
	name    string
	php     bool
	mu      sync.Mutex // guards what is below
	proc    *process
	lines   *bufio.Reader
	runs    int
	started time.Time
}

var errNoCaller = errors.New("the GatewayClient's process does not run")

func (c *caller) attach(p *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proc, c.lines = p, bufio.NewReader(p.stdout)
	c.started = time.Now()
	c.runs++
}

func (c *caller) startedAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// tag names the process: what one process sends is in order.
func (c *caller) tag() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%s.%d", c.name, c.runs)
}

// call calls a method as PHP's GatewayClient has it. An error means that nobody
// knows what came of the call.
func (c *caller) call(method string, args ...any) (phpserialize.Value, error) {
	c.mu.Lock()
	proc, lines := c.proc, c.lines
	c.mu.Unlock()
	if proc == nil {
		return nil, errNoCaller
	}
	request, err := json.Marshal(map[string]any{"method": method, "args": args})
	if err != nil {
		return nil, err
	}
	if _, err := proc.stdin.Write(append(request, '\n')); err != nil {
		return nil, err
	}
	line, err := lines.ReadString('\n')
	if err != nil {
		return nil, err
	}
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	if err != nil {
		return nil, fmt.Errorf("%s answered %q", c.name, line)
	}
	value, err := phpserialize.Unmarshal(answer)
	if err != nil {
		return nil, err
	}
	parts := value.(*phpserialize.Array).Values()
	if parts[1] != "" || parts[2] != nil {
		return nil, fmt.Errorf("%s%v: %v %v", method, args, parts[1], parts[2])
	}
	return parts[0], nil
}
