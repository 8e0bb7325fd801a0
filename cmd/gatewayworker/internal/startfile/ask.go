package startfile

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed prelude.php
var prelude []byte

// disabled are functions of PHP that open, run or change something: the file
// runs without them.
var disabled = strings.Join([]string{
	"pcntl_fork", "pcntl_exec", "pcntl_signal", "pcntl_alarm", "posix_kill", "posix_setsid", "posix_setuid", "posix_setgid", "posix_initgroups",
	"exec", "shell_exec", "system", "passthru", "proc_open", "popen", "mail", "dl",
	"stream_socket_server", "stream_socket_client", "fsockopen", "pfsockopen", "socket_create", "socket_connect", "socket_bind", "stream_socket_pair",
	"curl_exec", "curl_multi_exec", "mysqli_connect", "gethostbynamel", "dns_get_record",
	"file_put_contents", "unlink", "rename", "rmdir", "mkdir", "chmod", "chown", "chgrp", "symlink", "link", "touch", "copy", "move_uploaded_file", "ftruncate",
	"cli_set_process_title", "set_time_limit", "ignore_user_abort", "sleep", "usleep",
}, ",")

// Asking is how PHP is asked.
type Asking struct {
	PHP     string        // the program
	Timeout time.Duration // after which PHP is ended
}

// ErrNoPHP is that there is no PHP to ask.
var ErrNoPHP = errors.New("there is no PHP")

// Ask has PHP run a start file, or the configuration file of a framework.
func Ask(ctx context.Context, file string, a Asking) (*Program, error) {
	php, err := exec.LookPath(a.PHP)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoPHP, err)
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if _, err := readSource(abs); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gatewayworker-import-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	script, answer := filepath.Join(dir, "prelude.php"), filepath.Join(dir, "answer.json")
	if err := os.WriteFile(script, prelude, 0o600); err != nil {
		return nil, err
	}
	project := ""
	if isConfiguration(abs) {
		project = projectRoot(filepath.Dir(abs))
	}
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, php, "-d", "display_errors=0", "-d", "log_errors=0", "-d", "memory_limit=256M",
		"-d", "opcache.enable_cli=0", "-d", "allow_url_fopen=0", "-d", "auto_prepend_file=", "-d", "disable_functions="+disabled,
		script, abs, answer, project)
	// GATEWAYWORKER_PHP: the Composer package of this program stays out of it.
	cmd.Env = append(os.Environ(), "GATEWAYWORKER_IMPORT_DISABLED="+disabled, "GATEWAYWORKER_PHP=1")
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	var output bytes.Buffer
	cmd.Stderr = &limitedWriter{&output, 4096}
	runErr := cmd.Run()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("PHP did not come to the end of %s within %v", file, a.Timeout)
	}
	text, err := os.ReadFile(answer)
	if err != nil {
		why := strings.TrimSpace(output.String())
		if why == "" && runErr != nil {
			why = runErr.Error()
		}
		return nil, fmt.Errorf("PHP did not run %s: %s", file, why)
	}
	return decodeAnswer(abs, text)
}

// isConfiguration reports whether a file is one of a framework: it returns an
// array, and its framework has loaded the project before.
func isConfiguration(file string) bool {
	src, err := readSource(file)
	return err == nil && strings.Contains(src, "return") && !strings.Contains(src, "runAll") && !strings.Contains(src, "autoload.php")
}

type limitedWriter struct {
	b    *bytes.Buffer
	left int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	w.b.Write(p[:n])
	w.left -= n
	return len(p), nil
}

type answerPlace [2]any

func (p answerPlace) place() Place {
	file, _ := p[0].(string)
	line, _ := p[1].(float64)
	return Place{file, int(line)}
}

type phpAnswer struct {
	Workers []struct {
		Class           string
		Parents         []string
		Place           answerPlace
		Listen, Context json.RawMessage
		Props           [][3]json.RawMessage
	}
	Statics  map[string]json.RawMessage
	Returned json.RawMessage
	Error    *[3]any
}

func decodeAnswer(file string, text []byte) (*Program, error) {
	var a phpAnswer
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("PHP's answer about %s: %w", file, err)
	}
	p := &Program{File: file}
	if a.Error != nil {
		message, _ := a.Error[0].(string)
		at := answerPlace{a.Error[1], a.Error[2]}.place()
		if len(a.Workers) == 0 {
			return nil, fmt.Errorf("PHP cannot run %s: %s (%s)", file, message, at)
		}
		p.Remarks = append(p.Remarks, Remark{at, "PHP stops here: " + message})
	}
	for _, w := range a.Workers {
		worker := &Worker{Place: w.Place.place(), Class: w.Class, Listen: answerValue(w.Listen), Context: answerValue(w.Context)}
		for _, class := range append([]string{w.Class}, w.Parents...) {
			if worker.Kind == 0 {
				worker.Kind = kindOf(class)
			}
		}
		for _, prop := range w.Props {
			s := Setting{Value: answerValue(prop[1])}
			_ = json.Unmarshal(prop[0], &s.Name)
			var at answerPlace
			if json.Unmarshal(prop[2], &at) == nil {
				s.Place = at.place()
			}
			worker.Props = append(worker.Props, s)
		}
		p.Workers = append(p.Workers, worker)
	}
	for name, v := range a.Statics {
		p.Statics = append(p.Statics, Setting{Place{file, lineOfStatic(file, name)}, name, answerValue(v)})
	}
	sortSettings(p.Statics)
	p.Returned = answerValue(a.Returned)
	return p, nil
}

// answerValue undoes Notes::value of the prelude.
func answerValue(raw json.RawMessage) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return fromAnswer(v)
}

func fromAnswer(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			return Unknown{"a number"}
		}
		return n
	case map[string]any:
		return fromTagged(v)
	}
	return v
}

func fromTagged(v map[string]any) any {
	if list, ok := v["array"].([]any); ok {
		a := &Array{}
		for _, item := range list {
			if pair, ok := item.([]any); ok && len(pair) == 2 {
				a.Entries = append(a.Entries, Entry{Key: fromAnswer(pair[0]), Value: fromAnswer(pair[1])})
			}
		}
		return a
	}
	if at, ok := v["closure"].([]any); ok && len(at) == 2 {
		c := &Closure{}
		c.File, _ = at[0].(string)
		if n, ok := fromAnswer(at[1]).(int64); ok {
			c.Line = int(n)
		}
		c.Empty = closureIs(c.Place, isEmpty)
		c.Binary = closureIs(c.Place, isBinary)
		return c
	}
	if s, ok := v["bytes"].(string); ok {
		b, _ := base64.StdEncoding.DecodeString(s)
		return string(b)
	}
	if s, ok := v["float"].(string); ok {
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
	if s, ok := v["object"].(string); ok {
		return &Object{Class: s}
	}
	if s, ok := v["unknown"].(string); ok {
		return Unknown{s}
	}
	return Unknown{"a value"}
}
