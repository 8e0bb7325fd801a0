package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A log that is on a full disk holds nothing up and ends nothing.
func TestLogOnFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	defer full.Close()
	servesAndEnds(t, full)
}

// When the disk has room again the log goes on, and says how much is missing.
func TestLogOnDiskThatWasFull(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=65536"); err != nil {
		t.Skipf("SKIPPED: a file system of 64 KB cannot be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	path, ballast := filepath.Join(dir, "log"), filepath.Join(dir, "ballast")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	addr := "127.0.0.1:" + freePorts(t, 1)[0]
	p := startProcess(t, log, "register", "--listen", "text://"+addr)
	answers(t, addr)
	for deadline := time.Now().Add(3 * patience); ; {
		if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("the disk is not full: %v", err)
		}
		// The log's last page may have room for a few lines.
		for err = nil; err == nil; {
			_, err = log.WriteString("-\n")
		}
		// What is logged is limited to a line a second, after the first ones.
		for start := time.Now(); time.Since(start) < 1500*time.Millisecond; {
			answers(t, addr)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		for start := time.Now(); time.Since(start) < 1500*time.Millisecond; {
			answers(t, addr)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "log lines are missing here") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log does not go on, or does not say that lines are missing:\n%s", text)
		}
	}
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
