//go:build unix

package earlysignals

import "syscall"

func init() {
	all = append(all, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGTSTP, syscall.SIGQUIT,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGABRT, syscall.SIGIO)
	catchIfChild()
}
