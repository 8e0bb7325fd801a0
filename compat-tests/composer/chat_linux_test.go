package composer

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// What workerman-chat's start files say.
const (
	chatAddress = "ws://127.0.0.1:7272/"
	chatPage    = "http://127.0.0.1:55151/?room_id=1"
)

// TestChatProject starts workerman-chat with PHP's own Gateway and Register, and
// with the program in their place.
func TestChatProject(t *testing.T) {
	if !inNamespaces(t) {
		return
	}
	p := newProject(t)
	shown := map[bool]map[string][]string{}
	for _, php := range []bool{true, false} {
		t.Run(map[bool]string{true: "PHP", false: "Go"}[php], func(t *testing.T) {
			q := &project{T: t, dir: p.dir, php: php}
			shown[php] = q.play()
		})
	}
	if t.Failed() {
		return
	}
	if diff := cmp.Diff(shown[true], shown[false]); diff != "" {
		t.Errorf("what is shown differs (-PHP +Go):\n%s", diff)
	}
}

// play does with the project what its user does, and returns what was shown.
func (p *project) play() map[string][]string {
	shown := map[string][]string{}
	shown["start"] = words(p.start("start", "-d"))
	status, rows := p.settled("")
	shown["status"] = words(status)
	gateway := p.gatewayOf(rows)
	p.isProgram(gateway, !p.php)

	conversation, alice := p.talk()
	shown["talk"] = conversation
	shown["connections"] = words(p.start("connections"))
	if _, err := exec.LookPath("chromium"); err != nil {
		fmt.Printf("SKIPPED the page of %s: %v\n", p.Name(), err)
	} else {
		shown["page"] = p.page()
	}

	shown["reload"] = words(p.start("reload"))
	status, rows = p.settled("")
	shown["status after reload"] = words(status)
	if again := p.gatewayOf(rows); again != gateway {
		p.Errorf("reload has restarted the gateway: %s, before %s", again, gateway)
	}
	alice.say("still there?")
	alice.hears("still there?")

	pid, _ := strconv.Atoi(gateway)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		p.Fatal(err)
	}
	_, rows = p.settled(gateway)
	p.isProgram(p.gatewayOf(rows), !p.php)
	again, _ := p.talk()
	shown["talk after kill -9"] = again
	if want := "worker[ChatGateway:" + gateway + "] exit with status 9"; !strings.Contains(p.log(), want) {
		p.Errorf("the log does not have %q", want)
	}

	shown["stop"] = words(p.start("stop"))
	shown["stopped"] = words(p.start("status"))
	return shown
}

// gatewayOf is a process that serves clients.
func (p *project) gatewayOf(rows []row) string {
	p.Helper()
	for _, r := range rows {
		if r.name == "ChatGateway" && r.connections != "0" {
			return r.pid
		}
	}
	p.Fatalf("no gateway in %v", rows)
	return ""
}

// isProgram checks what a process executes. Its title is that of PHP's in any case.
func (p *project) isProgram(pid string, want bool) {
	p.Helper()
	exe, err := exec.Command("readlink", "/proc/"+pid+"/exe").Output()
	if err != nil {
		p.Fatal(err)
	}
	if got := strings.HasSuffix(strings.TrimSpace(string(exe)), "/gatewayworker"); got != want {
		p.Errorf("process %s executes %s", pid, exe)
	}
	title, err := exec.Command("ps", "-o", "args=", "-p", pid).Output()
	if want := "WorkerMan: worker process  ChatGateway websocket://0.0.0.0:7272"; err == nil && strings.TrimSpace(string(title)) != want {
		p.Errorf("ps shows %q, want %q", title, want)
	}
}

// A talker is a client of the chat.
type talker struct {
	p    *project
	conn *websocket.Conn
	id   string
}

func (p *project) enter(name string) *talker {
	p.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: patience}
	conn, response, err := dialer.DialContext(p.Context(), chatAddress, nil)
	if err != nil {
		p.Fatal(err)
	}
	_ = response.Body.Close()
	p.Cleanup(func() { _ = conn.Close() })
	c := &talker{p: p, conn: conn}
	c.send(`{"type":"login","client_name":"` + name + `","room_id":7}`)
	var answer struct {
		ID string `json:"client_id"`
	}
	if err := json.Unmarshal([]byte(c.hears(`"type":"login"`)), &answer); err != nil {
		p.Fatal(err)
	}
	c.id = answer.ID
	return c
}

func (c *talker) send(text string) {
	c.p.Helper()
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.p.Fatal(err)
	}
}

func (c *talker) say(text string) {
	c.p.Helper()
	c.send(`{"type":"say","to_client_id":"all","to_client_name":"all","content":"` + text + `"}`)
}

// hears returns the next message with a text in it.
func (c *talker) hears(text string) string {
	c.p.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			c.p.Fatalf("no message with %q: %v", text, err)
		}
		if strings.Contains(string(message), text) {
			return string(message)
		}
	}
}

var (
	clientIDs = regexp.MustCompile(`[0-9a-f]{20}`)
	times     = regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`)
)

// plain is a message without client ids and times.
func plain(message string) string {
	return times.ReplaceAllString(clientIDs.ReplaceAllString(message, "ID"), "TIME")
}

// talk has two clients talk. It returns what they heard, and one of them, who stays.
func (p *project) talk() (heard []string, alice *talker) {
	p.Helper()
	hear := func(c *talker, text string) { heard = append(heard, plain(c.hears(text))) }
	alice = p.enter("Alice")
	bob := p.enter("Bob")
	hear(alice, `"client_name":"Bob"`)
	alice.say("hello")
	hear(alice, "hello")
	hear(bob, "hello")
	// A worker sets the session after it has answered the login: without a message
	// more Bob could be gone before, and nobody would be told.
	bob.say("goodbye")
	hear(alice, "goodbye")
	hear(bob, "goodbye")
	_ = bob.conn.Close()
	hear(alice, `"type":"logout"`)
	return heard, alice
}
