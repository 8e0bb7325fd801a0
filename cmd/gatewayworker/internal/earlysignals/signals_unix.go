//go:build unix

package earlysignals

import (
	"os"
	"os/signal"
	"syscall"
)

func init() {
	if serves(os.Args) {
		signal.Notify(Hangups, syscall.SIGHUP)
	}
	all = append(all, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGTSTP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGABRT, syscall.SIGIO)
	catchIfChild()
}
