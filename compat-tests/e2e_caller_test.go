package compattests

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A caller is a program that pushes to clients and asks about them:
// GatewayClient in a PHP process, or this project's gatewayclient. Methods and
// their arguments are PHP's, answers have PHP's shape.
type caller interface {
	call(method string, args ...any) (phpserialize.Value, error)
	close()
}

// phpCaller calls GatewayClient\Gateway in a process of its own. It serves all
// tests, in turn: every request names the cluster.
type phpCaller struct {
	registers []string
	key       string
}

// phpProcess is the process, started when first needed.
var phpProcess struct {
	sync.Mutex // guards the fields and a request with its answer
	cmd        *exec.Cmd
	stdin      *json.Encoder
	stdout     *bufio.Reader
	stderr     bytes.Buffer
	stop       func()
}

func (c phpCaller) call(method string, args ...any) (phpserialize.Value, error) {
	p := &phpProcess
	p.Lock()
	defer p.Unlock()
	if p.cmd == nil {
		if err := startPHPProcess(); err != nil {
			return nil, err
		}
	}
	if args == nil {
		args = []any{}
	}
	err := p.stdin.Encode(map[string]any{
		"method": method, "args": args,
		"set": map[string]any{"registerAddress": c.registers, "secretKey": c.key},
	})
	if err != nil {
		return nil, err
	}
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("GatewayClient process: %w", err)
	}
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	if err != nil {
		return nil, err
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

func (phpCaller) close() {}

// startPHPProcess is called with phpProcess locked.
func startPHPProcess() error {
	p := &phpProcess
	cmd := exec.Command("php", filepath.Join(fixtures, "client_calls.php"))
	cmd.Env = os.Environ()
	cmd.Stderr = &p.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd, p.stdin, p.stdout = cmd, json.NewEncoder(stdin), bufio.NewReader(stdout)
	p.stop = func() {
		stdin.Close() // its end of file ends the process
		_ = cmd.Wait()
		p.cmd = nil
	}
	return nil
}

// stopPHPCaller ends the process of the PHP callers.
func stopPHPCaller() {
	phpProcess.Lock()
	defer phpProcess.Unlock()
	if phpProcess.cmd != nil {
		phpProcess.stop()
	}
}

// goCaller translates the calls to gatewayclient's methods.
type goCaller struct {
	e      *e2e
	client *gatewayclient.Client
}

func (e *e2e) goCaller(registers []*e2eRegister) caller {
	client, err := gatewayclient.New(gatewayclient.Options{
		RegisterAddresses: addressesOf(registers), SecretKey: registers[0].key, Logger: e.stage.logger("gatewayclient"),
	})
	if err != nil {
		e.Fatal(err)
	}
	return &goCaller{e, client}
}

func (c *goCaller) close() {
	if err := c.client.Close(); err != nil {
		c.e.Error(err)
	}
}

func (c *goCaller) call(method string, args ...any) (phpserialize.Value, error) {
	if done, err := c.command(method, args...); done {
		return nil, err
	}
	return c.ask(method, args...)
}

// command executes a method that asks nothing; done is false for the others.
func (c *goCaller) command(method string, args ...any) (done bool, err error) {
	ctx, g := c.e.Context(), c.client
	text := func(i int) string { return args[i].(string) }
	id := func(i int) gatewayclient.ClientID { return mustID(args[i]) }
	switch method {
	case "bindUid":
		return true, g.BindUID(ctx, id(0), text(1))
	case "unbindUid":
		return true, g.UnbindUID(ctx, id(0))
	case "joinGroup":
		return true, g.JoinGroup(ctx, id(0), text(1))
	case "leaveGroup":
		return true, g.LeaveGroup(ctx, id(0), text(1))
	case "ungroup":
		return true, g.Ungroup(ctx, text(0))
	case "sendToAll":
		if len(args) == 1 {
			return true, g.SendToAll(ctx, []byte(text(0)))
		}
		return true, g.SendToClients(ctx, mustIDs(args[1]), []byte(text(0)))
	case "sendToClient":
		return true, g.SendToClient(ctx, id(0), []byte(text(1)))
	case "sendToUid":
		return true, g.SendToUIDs(ctx, texts(args[0]), []byte(text(1)))
	case "sendToGroup":
		var opts []gatewayclient.SendOption
		if len(args) > 2 {
			opts = append(opts, gatewayclient.Exclude(mustIDs(args[2])...))
		}
		return true, g.SendToGroups(ctx, texts(args[0]), []byte(text(1)), opts...)
	case "setSession":
		return true, g.SetSession(ctx, id(0), args[1])
	case "updateSession":
		return true, g.UpdateSession(ctx, id(0), args[1])
	case "closeClient":
		return true, g.CloseClient(ctx, id(0), []byte(text(1)))
	case "destoryClient":
		return true, g.DestroyClient(ctx, id(0))
	}
	return false, nil
}

func (c *goCaller) ask(method string, args ...any) (phpserialize.Value, error) {
	ctx, g := c.e.Context(), c.client
	switch method {
	case "isOnline":
		online, err := g.IsOnline(ctx, mustID(args[0]))
		return int64(btoi(online)), err
	case "isUidOnline":
		online, err := g.IsUIDOnline(ctx, args[0].(string))
		return int64(btoi(online)), err
	case "getSession":
		session, err := g.Session(ctx, mustID(args[0]))
		if err != nil {
			return nil, err
		}
		return session.Array()
	case "getAllClientIdCount":
		n, err := g.ClientCount(ctx)
		return int64(n), err
	case "getClientIdCountByGroup":
		n, err := g.ClientCountByGroup(ctx, args[0].(string))
		return int64(n), err
	case "getAllUidCount":
		n, err := g.UIDCount(ctx)
		return int64(n), err
	case "getUidByClientId":
		uid, err := g.UIDByClientID(ctx, mustID(args[0]))
		return uid, err
	case "getClientIdByUid":
		ids, err := g.ClientIDsByUID(ctx, args[0].(string))
		list := phpserialize.NewArray()
		for _, id := range ids {
			list.Append(id.String())
		}
		return list, err
	case "getAllClientIdList":
		ids, err := g.AllClientIDs(ctx)
		return sameKeys(ids), err
	case "getClientIdListByGroup":
		ids, err := g.ClientIDsByGroup(ctx, args[0].(string))
		return sameKeys(ids), err
	case "getAllUidList":
		uids, err := g.AllUIDs(ctx)
		return sameKeysText(uids), err
	case "getUidListByGroup":
		uids, err := g.UIDsByGroup(ctx, args[0].(string))
		return sameKeysText(uids), err
	case "getAllGroupIdList":
		groups, err := g.AllGroups(ctx)
		return sameKeysText(groups), err
	case "getAllGroupClientIdList":
		groups, err := g.GroupClientIDs(ctx)
		all := phpserialize.NewArray()
		for _, group := range groups {
			all.SetString(group.Group, sameKeys(group.ClientIDs))
		}
		return all, err
	case "batchGetClientIdCountByGroup":
		counts, err := g.ClientCountsByGroups(ctx, texts(args[0]))
		all := phpserialize.NewArray()
		for _, count := range counts {
			all.SetString(count.Group, int64(count.Count))
		}
		return all, err
	case "getAllClientSessions":
		sessions, err := g.AllClientSessions(ctx)
		return sessionsByID(sessions, err)
	case "getClientSessionsByGroup":
		sessions, err := g.ClientSessionsByGroup(ctx, args[0].(string))
		return sessionsByID(sessions, err)
	}
	return nil, fmt.Errorf("no method %s", method)
}

func sessionsByID(sessions []gatewayclient.ClientSession, err error) (phpserialize.Value, error) {
	all := phpserialize.NewArray()
	for _, s := range sessions {
		session, err := s.Session.Array()
		if err != nil {
			return nil, err
		}
		all.SetString(s.ClientID.String(), session)
	}
	return all, err
}

// sameKeys is the form in which PHP returns sets: client id => client id.
func sameKeys(ids []gatewayclient.ClientID) *phpserialize.Array {
	set := phpserialize.NewArray()
	for _, id := range ids {
		set.SetString(id.String(), id.String())
	}
	return set
}

func sameKeysText(names []string) *phpserialize.Array {
	set := phpserialize.NewArray()
	for _, name := range names {
		set.SetString(name, name)
	}
	return set
}

func mustID(v any) gatewayclient.ClientID {
	id, err := gatewayclient.ParseClientID(v.(string))
	if err != nil {
		panic(err)
	}
	return id
}

func mustIDs(v any) (ids []gatewayclient.ClientID) {
	for _, text := range texts(v) {
		ids = append(ids, mustID(text))
	}
	return ids
}

// texts takes what PHP takes: a string or several.
func texts(v any) []string {
	if one, ok := v.(string); ok {
		return []string{one}
	}
	return v.([]string)
}
