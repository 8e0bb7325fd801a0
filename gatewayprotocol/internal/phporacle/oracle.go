// Package phporacle asks a real php about PHP values, so that tests can compare.
package phporacle

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	_ "embed"
)

//go:embed oracle.php
var script string

// Question is an operation of oracle.php and its arguments.
type Question struct {
	Op   string
	Args []string
}

// Answer is what PHP gave; Err tells why it gave nothing.
type Answer struct {
	Text string
	Err  string
}

// Available tells whether there is a php to ask. If not, it skips the test and
// says so, in a line that can be counted.
func Available(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("php"); err != nil {
		fmt.Printf("oracle: 0 live, skipped: no php (%s)\n", t.Name())
		t.Skip("no php in PATH")
	}
}

// Ask answers all questions with one php process.
func Ask(t *testing.T, questions []Question) []Answer {
	t.Helper()
	Available(t)
	cmd := exec.Command("php", "-d", "zend.assertions=-1", "-r", strings.TrimPrefix(script, "<?php"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- write(in, questions) }()

	answers := make([]Answer, 0, len(questions))
	lines := bufio.NewReader(out)
	for range questions {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("php ended after %d of %d answers: %v", len(answers), len(questions), err)
		}
		line = strings.TrimSuffix(line, "\n")
		if why, failed := strings.CutPrefix(line, "!"); failed {
			answers = append(answers, Answer{Err: why})
			continue
		}
		text, err := hex.DecodeString(line)
		if err != nil {
			t.Fatalf("php wrote %q", line)
		}
		answers = append(answers, Answer{Text: string(text)})
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("oracle: %d live (%s)\n", len(answers), t.Name())
	return answers
}

func write(in io.WriteCloser, questions []Question) error {
	w := bufio.NewWriter(in)
	for _, q := range questions {
		line := q.Op
		for _, a := range q.Args {
			line += " " + hex.EncodeToString([]byte(a))
		}
		if _, err := w.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return in.Close()
}

// AvailableWorkerman is Available for questions that need Workerman too.
func AvailableWorkerman(t *testing.T) {
	t.Helper()
	Available(t)
	if os.Getenv("GATEWAYWORKER_PHP_AUTOLOAD") == "" {
		fmt.Printf("oracle: 0 live, skipped: no Workerman (%s)\n", t.Name())
		t.Skip("GATEWAYWORKER_PHP_AUTOLOAD is not set")
	}
}
