package clientproto

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
)

// phpOracle is a PHP process that runs the original code.
type phpOracle struct {
	t        testing.TB
	script   string
	autoload string
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      *bufio.Reader
	stderr   bytes.Buffer
}

// newPHPOracle starts a script of testdata. The test is skipped unless
// GATEWAYWORKER_PHP_AUTOLOAD names an autoload.php that finds Workerman and
// GatewayWorker; cases is how many comparisons are then not made.
func newPHPOracle(t testing.TB, script string, cases int) *phpOracle {
	return newPHPOracleOf(t, "GATEWAYWORKER_PHP_AUTOLOAD", script, cases)
}

// newPHPOracleOf is newPHPOracle with the autoload file that another variable
// names.
func newPHPOracleOf(t testing.TB, variable, script string, cases int) *phpOracle {
	autoload := os.Getenv(variable)
	if autoload == "" {
		t.Skipf("SKIPPED %d comparisons with PHP: %s is not set", cases, variable)
	}
	o := &phpOracle{t: t, script: script, autoload: autoload}
	t.Cleanup(o.stop)
	return o
}

func (o *phpOracle) start() {
	o.cmd = exec.Command("php", "-d", "display_errors=stderr", "-d", "log_errors=0", o.script)
	o.cmd.Env = append(os.Environ(), "GATEWAYWORKER_PHP_AUTOLOAD="+o.autoload)
	o.stderr.Reset()
	o.cmd.Stderr = &o.stderr
	var err error
	if o.in, err = o.cmd.StdinPipe(); err != nil {
		o.t.Fatal(err)
	}
	stdout, err := o.cmd.StdoutPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	if err := o.cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.out = bufio.NewReader(stdout)
}

func (o *phpOracle) stop() {
	if o.cmd != nil {
		_ = o.in.Close()
		_ = o.cmd.Wait()
		o.cmd = nil
	}
}

func (o *phpOracle) write(blocks ...[]byte) {
	if o.cmd == nil {
		o.start()
	}
	var b []byte
	for _, block := range blocks {
		b = binary.BigEndian.AppendUint32(b, uint32(len(block)))
		b = append(b, block...)
	}
	if _, err := o.in.Write(b); err != nil {
		o.t.Fatalf("write to php: %v", err)
	}
}

func (o *phpOracle) read() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(o.out, head[:]); err != nil {
		return nil, err
	}
	block := make([]byte, binary.BigEndian.Uint32(head[:]))
	_, err := io.ReadFull(o.out, block)
	return block, err
}

// ask sends blocks and returns the one block that comes back.
func (o *phpOracle) ask(blocks ...[]byte) []byte {
	o.t.Helper()
	o.write(blocks...)
	answer, err := o.read()
	if err != nil {
		o.t.Fatalf("answer of php: %v", err)
	}
	return answer
}

// stream feeds chunks to a connection of the original and returns its events.
// died reports that the PHP process ended instead, with all its clients.
func (o *phpOracle) stream(protocol string, chunks [][]byte) (events []codecEvent, died bool) {
	o.t.Helper()
	blocks := append([][]byte{[]byte(protocol), []byte(itoa(len(chunks)))}, chunks...)
	o.write(blocks...)
	for {
		kind, err := o.out.ReadByte()
		if errors.Is(err, io.EOF) {
			o.stop()
			return nil, true
		}
		if err != nil {
			o.t.Fatalf("events of php: %v", err)
		}
		data, err := o.read()
		if err != nil {
			o.t.Fatalf("events of php: %v", err)
		}
		if kind == '.' {
			return events, false
		}
		events = append(events, codecEvent{eventKind(kind), string(data)})
	}
}
