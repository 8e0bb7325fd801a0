package compattests

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// A library is a PHP process that calls GatewayClient\Gateway, or
// GatewayWorker\Lib\Gateway outside of a worker; or the player of what one did.
type library struct {
	actor   *actor
	stdin   io.WriteCloser
	answers *bufio.Reader
}

// Classes that a library may call.
const (
	gatewayClient = `GatewayClient\Gateway`
	libGateway    = `GatewayWorker\Lib\Gateway`
)

// cluster starts a Register and n gateways that PHP actors can be recorded with.
func (s *stage) cluster(cfg gatewayConfig, n int) *registerUnderTest {
	cfg.InnerListen = behindProxy
	return s.openCluster(cfg, n)
}

// behindProxy is where gateways have their inner ports when a proxy listens on lanIp.
const behindProxy = "127.0.0.2"

// openCluster starts a Register and n gateways that register in turn.
func (s *stage) openCluster(cfg gatewayConfig, n int) *registerUnderTest {
	return s.clusterOf(cfg, 1, n)[0]
}

// clusterOf starts Registers, and n gateways that register with all of them.
func (s *stage) clusterOf(cfg gatewayConfig, registers, n int) []*registerUnderTest {
	var observers []*registerPeer
	for range registers {
		r := s.register(cfg.SecretKey)
		cfg.Registers = append(cfg.Registers, r.address)
		o := s.join(r, "observer")
		o.put([]byte(subscription(cfg.SecretKey) + "\n"))
		observers = append(observers, o)
	}
	for i := range n {
		s.gateway(cfg)
		for _, o := range observers {
			o.awaitList(i + 1)
		}
	}
	for _, o := range observers {
		closeNow(o.conn)
	}
	return s.registers
}

// awaitList reads until the Register's list has n gateways: their order in it is
// that of starting.
func (p *registerPeer) awaitList(n int) {
	for seen := -1; seen < n; {
		line, ok := p.take(func(buf []byte) int { return bytes.IndexByte(buf, '\n') + 1 })
		if !ok {
			p.stage.fail("the Register hung up: %v", p.err)
		}
		var list struct{ Addresses []string }
		p.stage.check(json.Unmarshal(line, &list))
		seen = len(list.Addresses)
	}
}

// library starts calling a class from outside of a worker. Its Registers
// are those at the addresses in before, then those of the stage.
func (s *stage) library(class string, persistent bool, before ...string) *library {
	l := &library{actor: s.newActor("lib", s.cast.client == actorPHP)}
	if s.cast.client != actorPHP {
		return l
	}
	addresses := append(before, l.actor.route()...)
	l.actor.start()
	env := []string{"REGISTER_ADDRESS=" + strings.Join(addresses, ","), "SECRET_KEY=" + s.registers[0].secret, "CALL_CLASS=" + class}
	if persistent {
		env = append(env, "PERSISTENT=1")
	}
	s.check(l.startProcess(s, env))
	return l
}

func (l *library) startProcess(s *stage, env []string) error {
	cmd := exec.Command("php", filepath.Join(fixtures, "client_calls.php"))
	cmd.Env = append(append(os.Environ(), s.cast.original.env()...), env...)
	log, err := os.Create(filepath.Join(s.dir, "client_calls.log"))
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	cmd.Stderr = log
	clustertest.OwnSession(cmd)
	if l.stdin, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	l.answers = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		return err
	}
	s.cleanup(func() {
		l.stdin.Close()
		_ = cmd.Wait()
	})
	return nil
}

// call calls a method; the arguments become JSON. What the library says to
// Register and gateways, and what it returns, go into the transcript.
func (l *library) call(method string, args ...any) {
	s := l.actor.stage
	s.log("lib calls %s %s", method, showArgs(args))
	if l.actor.proxy == nil {
		l.actor.replay()
		s.repeatLines("lib returns ", "lib prints ", "lib throws ")
		return
	}
	values, err := phpserialize.Marshal(phpValue(list(args)))
	s.check(err)
	answer := l.ask(s, method, map[string]any{"serialized": values})
	l.actor.flush()
	s.logAnswer("lib", answer)
}

// ask sends a request for a method to the process and returns its answer.
func (l *library) ask(s *stage, method string, fields map[string]any) []byte {
	fields["method"] = method
	request, err := json.Marshal(fields)
	s.check(err)
	_, err = l.stdin.Write(append(request, '\n'))
	s.check(err)
	line, err := l.answers.ReadString('\n')
	if err != nil {
		s.fail("client_calls.php ended in %s: %v", method, err)
	}
	answer, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	s.check(err)
	return answer
}

// showArgs renders arguments as JSON, or as Go where a string is no UTF-8.
func showArgs(args []any) string {
	if len(args) == 0 {
		return "[]"
	}
	if !utf8.ValidString(fmt.Sprint(args...)) {
		return fmt.Sprintf("%q", args)
	}
	return encode(args)
}

// phpValue makes a PHP value of strings, numbers, lists and objects (whose keys are sorted).
func phpValue(v any) phpserialize.Value {
	switch v := v.(type) {
	case list:
		a := phpserialize.NewArray()
		for _, e := range v {
			a.Append(phpValue(e))
		}
		return a
	case object:
		a := phpserialize.NewArray()
		for _, k := range sortedKeys(v) {
			a.SetString(k, phpValue(v[k]))
		}
		return a
	}
	return v
}

// logAnswer logs what a PHP call gave: serialize([result, output, exception]).
func (s *stage) logAnswer(who string, answer []byte) {
	v, err := phpserialize.Unmarshal(answer)
	if err != nil {
		s.fail("answer %q: %v", answer, err)
	}
	parts := v.(*phpserialize.Array).Values()
	if out, _ := parts[1].(string); out != "" {
		s.log("%s prints %s", who, quote([]byte(out)))
	}
	if thrown, ok := parts[2].(string); ok {
		s.log("%s throws %s", who, quote([]byte(thrown)))
		return
	}
	// The result's own bytes, cut out of the answer: what PHP serialized.
	result, err := phpserialize.Marshal(parts[0])
	s.check(err)
	if !strings.Contains(string(answer), string(result)) {
		s.fail("result %s is not in the answer %s", result, answer)
	}
	s.log("%s returns %s", who, quote(result))
}

// repeatLines copies lines with one of the prefixes from the recording: what a
// PHP process made of bytes that the lines before have shown to be equal.
func (s *stage) repeatLines(prefixes ...string) {
	for len(s.lines) < len(s.play.lines) {
		line := s.play.lines[len(s.lines)]
		found := false
		for _, p := range prefixes {
			found = found || strings.HasPrefix(line, p)
		}
		if !found {
			return
		}
		s.lines = append(s.lines, line)
	}
}

// clientID returns PHP's client_id of c.
func (c *client) clientID() string {
	return fmt.Sprintf("%08x%04x%08x", c.gw.inner.IP, c.gw.inner.Port, c.id)
}
