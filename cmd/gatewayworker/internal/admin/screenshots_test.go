package admin

import (
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/browsertest"
)

// With screenshotsVariable, a directory, TestScreenshots makes the pictures of
// docs/admin.md there, after traffic for screenshotsSeconds.
const (
	screenshotsVariable = "GATEWAYWORKER_ADMIN_SCREENSHOTS"
	screenshotsSeconds  = "GATEWAYWORKER_ADMIN_SCREENSHOTS_SECONDS"
)

func TestScreenshots(t *testing.T) {
	dir := os.Getenv(screenshotsVariable)
	if dir == "" {
		t.Skip("it makes pictures where " + screenshotsVariable + " says")
	}
	browsertest.Need(t)
	seconds, err := strconv.Atoi(os.Getenv(screenshotsSeconds))
	if err != nil {
		seconds = 20
	}
	c := newTown(t)
	var draining atomic.Bool
	s := c.serveAdmin(testToken, func(o *Options) {
		o.Reload = func() (any, error) { return nil, nil }
		o.Drain = func(DrainRequest) error { return nil }
		o.Drained = func() (DrainState, bool) {
			return DrainState{Clients: 141, From: 240, SecondsLeft: 35}, draining.Load()
		}
	})
	c.log.WithField("client_id", "7f0000010b5400000011").WithField("remote", "203.0.113.7:51834").Warn("client sent bad data, closing its connection")
	c.log.WithField("command", "CMD_JOIN_GROUP").WithField("error", "the group's name is empty").Warn("command refused")
	c.log.WithField("register", "192.168.1.2:1236").Error("register: cannot connect, trying again every 1s")
	c.talk(time.Duration(seconds) * time.Second)
	p := openTab(t, browsertest.Start(t, browsertest.Options{}), s.URL())
	p.Await(`document.querySelectorAll("#clients tbody tr").length === 20`)
	for _, shot := range []struct {
		name          string
		width, height int64
		theme, script string
	}{
		{"light", 1280, 1380, "light", ""},
		{"dark", 1280, 1380, "dark", ""},
		{"phone", 390, 844, "light", ""},
		{"phone-dark", 390, 844, "dark", `scrollTo(0, document.querySelector("#clients-title").getBoundingClientRect().top - 140)`},
		{"chinese", 1280, 900, "light", `document.querySelector("#language").click(); scrollTo(0, 0)`},
		{"bottom", 1280, 1000, "light", `document.querySelector("#language").click(); scrollTo(0, 100000)`},
		{"client", 1280, 900, "light", `document.querySelector("#clients tbody tr").click()`},
		{"drain", 1280, 900, "light", `document.querySelector("#client-close").click(); document.querySelector("#drain-open").scrollIntoView({block: "center"}); document.querySelector("#drain-open").click()`},
		{"draining-phone-dark", 390, 844, "dark", `document.querySelector("#drain-cancel").click(); scrollTo(0, 0)`},
		{"locked", 1280, 900, "dark", `document.querySelector("#client-close").click(); document.querySelector("#key").click(); scrollTo(0, 700)`},
	} {
		p.View(shot.theme, shot.width, shot.height)
		draining.Store(shot.name == "draining-phone-dark")
		if shot.script != "" {
			p.Run(shot.script)
		}
		c.talk(3 * time.Second) // the page draws itself for the new width
		p.Picture(filepath.Join(dir, "admin-"+shot.name+".png"))
	}
}

// newTown is a crowd that is worth looking at.
func newTown(t *testing.T) *crowd {
	c := &crowd{rig: newRig(t, 1, testToken)}
	c.observed.Gateways[0].Name = "web"
	c.observed.Gateways[0].Listeners = []Listener{{"websocket://0.0.0.0:8282", false}, {"websocket://0.0.0.0:8443", true}}
	c.observed.Register.Listen = "text://127.0.0.1:1236"
	for _, key := range []string{"ChatWorker:0", "ChatWorker:1", "ChatWorker:2", "OrderWorker:0"} {
		w := c.worker(0, key)
		go func() { // it reads, and its events are lost
			buf := make([]byte, 64<<10)
			for {
				if _, err := w.Read(buf); err != nil {
					return
				}
			}
		}()
		c.workers[0] = w
	}
	rooms := []string{"lobby", "room-17", "orders:eu", "support", "大厅", "room-42", "orders:us", "beta"}
	for i := range 240 {
		conn, id := c.newClient(0)
		send := func(cmd gp.Command, ext string) {
			c.workers[0].command(t, gp.Message{Cmd: cmd, ConnectionID: id.ConnectionID, ExtData: []byte(ext)})
		}
		name := []string{"ann", "bob", "chen", "dana", "eva", "王伟", "李娜"}[i%7]
		send(gp.CmdBindUID, strconv.Itoa(10000+i/2))
		send(gp.CmdSetSession, fmt.Sprintf(`a:3:{s:4:"name";s:%d:"%s";s:4:"room";s:7:"room-17";s:5:"login";i:%d;}`, len(name), name, 1795290000+i))
		for n, room := range rooms {
			if i%(n+1) == 0 {
				send(gp.CmdJoinGroup, room)
			}
		}
		if i >= 237 { // these do not read, and get more than the kernel holds
			big := gp.Message{Cmd: gp.CmdSendToOne, Flag: gp.FlagBodyIsScalar, ConnectionID: id.ConnectionID, Body: make([]byte, 100_000*(i-235))}
			for range 200 / (i - 235) {
				if c.gateways[0].Stats().DroppedToClients > uint64(i-237) {
					break
				}
				c.workers[0].command(t, big)
			}
			_ = conn.Conn.(*net.TCPConn).SetReadBuffer(4 << 10)
			continue
		}
		go func() {
			buf := make([]byte, 64<<10)
			for {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		}()
		if i%3 == 0 {
			c.talkers = append(c.talkers, conn)
		}
	}
	return c
}

// talk has clients talk and be talked to for a while, more and less.
func (c *crowd) talk(d time.Duration) {
	text := make([]byte, 400)
	for i := range text {
		text[i] = 'x'
	}
	begun := time.Now()
	for tick := 0; time.Since(begun) < d; tick++ {
		wave := 1.2 + math.Sin(float64(time.Now().UnixMilli())/23000) + 0.5*math.Sin(float64(time.Now().UnixMilli())/7100)
		for i := range int(4 * wave) {
			_, _ = c.talkers[(tick*7+i)%len(c.talkers)].Write(append(text[:80+i], '\n'))
		}
		if tick%4 == 0 {
			ext, err := gp.AppendGroupsExt(nil, []string{[]string{"lobby", "room-17", "support"}[tick/4%3]}, nil)
			if err != nil {
				c.t.Fatal(err)
			}
			c.workers[0].command(c.t, gp.Message{Cmd: gp.CmdSendToGroup, Flag: gp.FlagBodyIsScalar, ExtData: ext, Body: text[:int(100+100*wave)]})
		}
		if tick%40 == 0 {
			conn, _ := c.newClient(0)
			_ = conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
}
