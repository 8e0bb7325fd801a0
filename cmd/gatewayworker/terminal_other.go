//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package main

import (
	"errors"
	"os"
)

func isATerminal(f *os.File) bool {
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

func terminalSize(*os.File) (width, height int) { return 0, 0 }

func resizes() (c <-chan os.Signal, stop func()) { return nil, func() {} }

func readKeys(*os.File) (restore func(), err error) {
	return nil, errors.New("keys are not read one by one on this system")
}
