//go:build linux

package faults

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

// seatsEach is the number of clients at each gateway.
const seatsEach = 6

// A castList says who plays which part.
type castList struct {
	name       string
	phpServers bool   // Register and gateways
	workers    []bool // whether each is PHP's
	callers    []bool
}

var castLists = map[string]castList{
	"go":    {name: "go", workers: []bool{false, false}, callers: []bool{false, false}},
	"mixed": {name: "mixed", workers: []bool{false, true}, callers: []bool{false, true}},
	"php":   {name: "php", phpServers: true, workers: []bool{true, true}, callers: []bool{true, true}},
}

// A cluster is what runs, and what knows it.
type cluster struct {
	t     *testing.T
	cast  castList
	dir   string
	o     *oracle
	roles []*role // Register, gateways, workers, callers
	done  chan struct{}
	group sync.WaitGroup

	register   string    // address
	clientAddr [2]string // where clients connect
	innerAddr  [2]string // where workers and callers connect, as gateways announce it
	seats      []*seat
	pushers    []*pusher
	paused     gate
	watch      registerWatch
	story      []string // the steps, for who looks at a failure
	links      *links   // nil: the parts are connected directly
}

// A role is a part of the cluster: one process after another.
type role struct {
	name  string
	php   bool
	proc  *process
	ran   []*process // before
	start func() error
	cost  func(c *cluster, sig syscall.Signal) cost
	port  string // of which nobody may be left when it starts
}

// endBy ends the role's process.
func (r *role) endBy(sig syscall.Signal) error {
	r.proc.signal(sig)
	if err := r.proc.wait(); err != nil {
		return err
	}
	r.ran = append(r.ran, r.proc)
	if r.proc.stdin != nil {
		r.proc.stdin.Close()
	}
	if r.port == "" {
		return nil
	}
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		var l net.Listener
		if l, err = net.Listen("tcp", r.port); err == nil { // a PHP master's children end after it
			return l.Close()
		}
	}
	return fmt.Errorf("%s has ended and its port is not free: %w", r.name, err)
}

// launch starts a program as the role's process.
func (r *role) launch(pr program, ready func(p *process) error) error {
	p, err := pr.start()
	if err != nil {
		return err
	}
	r.proc = p
	if ready != nil {
		return ready(p)
	}
	return nil
}

func newCluster(t *testing.T, cast castList, proxied bool) *cluster {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, cast: cast, dir: t.TempDir(), done: make(chan struct{}), o: newOracle(!cast.phpServers, len(cast.workers))}
	c.o.phpWorker = slices.Contains(cast.workers, true)
	register := c.port()
	c.register = local(1, register)
	c.watch.address = c.register
	announced := c.register
	lanIP := "127.0.0.1"
	if proxied {
		c.links = newLinks(t)
		announced = c.links.to("register", 0, local(2, register), c.register).address
		lanIP = "127.0.0.2"
	}
	c.addRegister(path)
	inner := []int{c.port(), c.port()}
	slices.Sort(inner)
	for i := range 2 {
		port := c.port()
		innerPortHex[i] = fmt.Sprintf("%04x", inner[i])
		c.clientAddr[i], c.innerAddr[i] = local(1, port), net.JoinHostPort(lanIP, strconv.Itoa(inner[i]))
		c.addGateway(path, i, lanIP, port, inner[i], announced)
		if proxied {
			c.links.to("inner", i, c.innerAddr[i], local(1, inner[i]))
			c.clientAddr[i] = c.links.to("client", i, local(2, port), local(1, port)).address
		}
	}
	for i, php := range cast.workers {
		c.addWorker(i, php, announced)
	}
	for i, php := range cast.callers {
		c.addCaller(i, php, announced)
	}
	t.Cleanup(c.end)
	return c
}

// local is a port at one of the addresses of this machine.
func local(last, port int) string { return fmt.Sprintf("127.0.0.%d:%d", last, port) }

func (c *cluster) port() int {
	port, release := clustertest.ReservePort()
	c.t.Cleanup(release)
	return port
}

// phpScript is the program of a PHP script with the environment given, and what
// waits until it serves.
func (c *cluster) phpScript(name, script string, env ...string) (program, func(*process) error, error) {
	dir, err := os.MkdirTemp(c.dir, "php")
	if err != nil {
		return program{}, nil, err
	}
	pr := program{name: name, dir: c.dir, args: []string{"php", script}, env: append(env, "FIXTURE_DIR="+dir)}
	return pr, func(p *process) error { return p.awaitFile(filepath.Join(dir, "up")) }, nil
}

func fixture(name string) string { return filepath.Join("..", "..", "php-fixtures", name) }

func (c *cluster) addRegister(path string) {
	r := &role{name: "register", php: c.cast.phpServers, port: c.register}
	r.cost = func(_ *cluster, sig syscall.Signal) cost { return cost{lists: sig != syscall.SIGSTOP} }
	r.start = func() error {
		if r.php {
			pr, ready, err := c.phpScript(r.name, fixture("start_register.php"), "REGISTER_LISTEN="+c.register)
			if err != nil {
				return err
			}
			return r.launch(pr, ready)
		}
		return r.launch(program{name: r.name, dir: c.dir, args: []string{path, "register", "--listen", "text://" + c.register}}, nil)
	}
	c.roles = append(c.roles, r)
}

func (c *cluster) addGateway(path string, i int, lanIP string, port, inner int, register string) {
	listen, startPort := "websocket://"+local(1, port), strconv.Itoa(inner)
	r := &role{name: fmt.Sprintf("gateway%d", i+1), php: c.cast.phpServers, port: local(1, inner)}
	r.cost = func(_ *cluster, sig syscall.Signal) (what cost) {
		if sig == syscall.SIGSTOP {
			return what
		}
		what.cuts[i], what.newcomers[i], what.gone = true, true, true
		what.risks = func(c *client) bool { return c.gateway == i }
		what.noClose[i] = sig == syscall.SIGKILL || r.php
		what.closes = !what.noClose[i]
		c.endsPHPWorkers(&what)
		return what
	}
	r.start = func() error {
		c.o.mu.Lock()
		c.o.epochs[i]++
		c.o.mu.Unlock()
		if r.php {
			pr, ready, err := c.phpScript(r.name, fixture("start_gateway.php"), "GATEWAY_LISTEN="+listen,
				"LAN_IP="+lanIP, "INNER_LISTEN=127.0.0.1", "START_PORT="+startPort, "REGISTER_ADDRESS="+register)
			if err != nil {
				return err
			}
			return r.launch(pr, ready)
		}
		return r.launch(program{name: r.name, dir: c.dir, args: []string{
			path, "gateway", "--listen", listen, "--lan-ip", lanIP, "--inner-listen", "127.0.0.1",
			"--start-port", startPort, "--register-address", register, "--log-level", "debug",
		}}, nil)
	}
	c.roles = append(c.roles, r)
}

func (c *cluster) addWorker(i int, php bool, register string) {
	r := &role{name: fmt.Sprintf("%s worker%d", language(php), i+1), php: php}
	path := filepath.Join(c.dir, fmt.Sprintf("worker%d.journal", i))
	r.cost = func(cl *cluster, sig syscall.Signal) (what cost) {
		if sig == syscall.SIGSTOP {
			return what
		}
		what.absent = 1 + i
		if sig == syscall.SIGTERM && !php {
			return what // it leaves in good order
		}
		what.newcomers = [2]bool{true, true}
		what.risks = func(c *client) bool {
			run := cl.o.workers[c.worker]
			return run == nil || run.slot == i
		}
		return what
	}
	r.start = func() error {
		c.o.mu.Lock()
		c.o.slots[i] = &workerRun{slot: i} // until the new process has written its first line
		c.o.mu.Unlock()
		env := []string{"REGISTER_ADDRESS=" + register, "JOURNAL=" + path}
		if php {
			pr, ready, err := c.phpScript(r.name, filepath.Join("testdata", "worker.php"), append(env, fmt.Sprintf("WORKER_NAME=faults%d", i))...)
			if err != nil {
				return err
			}
			return r.launch(pr, ready)
		}
		return r.launch(program{name: r.name, dir: c.dir, pipes: true, args: os.Args[:1], env: append(env, roleVariable+"=worker")}, nil)
	}
	c.group.Go(func() {
		follow(path, c.done, func(e entry) { c.o.take(i, e) }, func(err error) { c.o.violate("%v", err) })
	})
	c.roles = append(c.roles, r)
}

func (c *cluster) addCaller(i int, php bool, register string) {
	r := &role{name: fmt.Sprintf("%s client%d", language(php), i+1), php: php}
	p := &pusher{o: c.o, index: i, caller: &caller{name: fmt.Sprintf("A%d", i), php: php}, paused: &c.paused}
	r.cost = func(*cluster, syscall.Signal) cost { return cost{} }
	r.start = func() error {
		pr := program{name: r.name, dir: c.dir, pipes: true, args: os.Args[:1], env: []string{"REGISTER_ADDRESS=" + register, roleVariable + "=caller"}}
		if php {
			pr.args = []string{"php", fixture("client_calls.php")}
		}
		return r.launch(pr, func(proc *process) error {
			p.caller.attach(proc)
			return nil
		})
	}
	p.mayOvertake = php && c.links != nil
	c.pushers = append(c.pushers, p)
	c.roles = append(c.roles, r)
}

// endsPHPWorkers adds the cost of a question that fails: a PHP worker that asks
// for a session ends then, by an exception, with all events that it has read.
func (c *cluster) endsPHPWorkers(what *cost) {
	if c.o.phpWorker {
		what.newcomers, what.risks, what.closes = [2]bool{true, true}, everybody, false
		if !slices.Contains(c.cast.workers, false) {
			what.cuts = [2]bool{true, true}
		}
	}
}

func language(php bool) string {
	if php {
		return "PHP"
	}
	return "Go"
}

// run starts everything and waits until it works.
func (c *cluster) run() {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	for _, r := range c.roles {
		if err := r.start(); err != nil {
			cancel()
			c.t.Fatal(err)
		}
		if r.name == "register" {
			awaitPort(c.t, r.port)
		}
	}
	c.group.Go(func() { c.watch.run(ctx) })
	for i := range 2 * seatsEach {
		s := &seat{o: c.o, index: i, gateway: i % 2, address: c.clientAddr[i%2], paused: &c.paused}
		c.seats = append(c.seats, s)
		p := c.pushers[i/2%len(c.pushers)]
		p.seats = append(p.seats, s)
	}
	for _, s := range c.seats {
		c.group.Go(func() { s.run(ctx) })
	}
	for _, p := range c.pushers {
		c.group.Go(func() { p.run(ctx) })
	}
	go func() {
		<-c.done
		cancel()
	}()
}

// awaitPort waits until a process listens: without a Register at first, the
// others try again after a second.
func awaitPort(t *testing.T, address string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("no process listens on %s", address)
}

// end stops the load, then everything else.
func (c *cluster) end() {
	close(c.done)
	for _, r := range c.roles {
		if r.proc != nil {
			r.proc.signal(syscall.SIGCONT)
			r.proc.end()
		}
	}
	if c.links != nil {
		c.links.close()
	}
	c.group.Wait()
}
