package compattests

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"time"
)

// registerUnderTest is a running Register.
type registerUnderTest struct {
	address string
	secret  string
}

// register starts a Register.
func (s *stage) register(secretKey string) *registerUnderTest {
	var port int
	s.retry(func() (stop func(), err error) {
		port = s.freePort()
		return s.cast.register.startRegister(s, port, secretKey)
	})
	s.peers++
	s.names.port(port, fmt.Sprintf("reg%d", s.peers))
	r := &registerUnderTest{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), secret: secretKey}
	s.registers = append(s.registers, r)
	return r
}

// A registerPeer is a scripted connection that speaks Register's text lines.
type registerPeer struct{ *stream }

// join dials a Register under the given name.
func (s *stage) join(r *registerUnderTest, name string) *registerPeer {
	conn, err := net.Dial("tcp", r.address)
	s.check(err)
	return &registerPeer{s.adopt(name, conn)}
}

// send sends lines in one segment.
func (p *registerPeer) send(lines ...string) {
	for _, line := range lines {
		p.log("%s > line %s", p.name, quote([]byte(line)))
	}
	var data []byte
	for _, line := range lines {
		data = append(append(data, line...), '\n')
	}
	p.put(data)
}

// raw sends bytes as they are.
func (p *registerPeer) raw(data string) {
	p.log("%s > bytes %s", p.name, quote([]byte(data)))
	p.put([]byte(data))
}

// expect puts the next line into the transcript, or that the connection is closed.
func (p *registerPeer) expect() bool {
	line, ok := p.take(func(buf []byte) int { return bytes.IndexByte(buf, '\n') + 1 })
	if !ok {
		p.expectClosed()
		return false
	}
	p.log("%s < line %s", p.name, quote(line[:len(line)-1]))
	return true
}

// A scriptedRegister is a Register played by the scenario.
type scriptedRegister struct {
	stage    *stage
	listener net.Listener
	accepted int
}

func (s *stage) scriptedRegister() *scriptedRegister {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.check(err)
	s.peers++
	s.names.port(l.Addr().(*net.TCPAddr).Port, fmt.Sprintf("reg%d", s.peers))
	s.cleanup(func() { closeNow(l) })
	return &scriptedRegister{stage: s, listener: l}
}

func (r *scriptedRegister) address() string { return r.listener.Addr().String() }

// accept waits for the next connection.
func (r *scriptedRegister) accept() *registerPeer {
	r.stage.check(r.listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)))
	conn, err := r.listener.Accept()
	r.stage.check(err)
	r.accepted++
	return &registerPeer{r.stage.adopt(fmt.Sprintf("r%d", r.accepted), conn)}
}
