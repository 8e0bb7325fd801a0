// Package earlysignals catches the signals of a Workerman master before the rest of
// the program is initialized, as [Caught] of a child of Workerman's.
//
// It imports next to nothing, so that it is initialized early. Before it executes
// the program, the Composer package ignores or blocks these signals, and the Go
// runtime keeps to that for all but SIGTERM, SIGQUIT and SIGABRT: for those it
// installs handlers that end the process, and a few milliseconds go by until this
// package catches them. A `status` (SIGABRT) or `stop -g` (SIGQUIT) that comes in
// these milliseconds ends a process that has just begun and has no clients; the
// master starts another one. On Workerman 5 the package has these signals wait
// until then (php/src/functions.php).
//
// It never knows what a signal means.
package earlysignals

import (
	"os"
	"os/signal"
	"strings"
)

// Flag is what marks a child of Workerman's on the command line.
const Flag = "--workerman="

// Caught gets every signal that Workerman sends, in a process that has Flag on its
// command line.
var Caught = make(chan os.Signal, 64)

// Hangups gets SIGHUP, in a process whose command serves: until a process catches
// it, it would end it, and whoever sends it means that files are to be read again.
var Hangups = make(chan os.Signal, 1)

// serves reports whether the command line is that of a command that serves, and not
// as a child of Workerman's, to which SIGHUP means something else.
func serves(args []string) bool {
	for _, arg := range args[min(1, len(args)):] {
		switch {
		case strings.HasPrefix(arg, Flag):
			return false
		case arg == "start", arg == "gateway", arg == "register":
			return true
		case !strings.HasPrefix(arg, "-"):
			return false
		}
	}
	return false
}

var all []os.Signal

func catchIfChild() {
	for _, arg := range os.Args {
		if strings.HasPrefix(arg, Flag) {
			signal.Notify(Caught, all...)
			return
		}
	}
}
