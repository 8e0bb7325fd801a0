// Package holder lets the program that serves be replaced by another process while
// the process that was started first stays, and holds the pid: for systemd, for a
// container, for Workerman's master and for any other supervisor nothing happens.
//
//	first process        serves ------> holds the pid ----------------------> ends as the third
//	second process                 \--> serves ------> ends                  /
//	third process                                 \--> serves --------------/
//
// # What it owns
//
// The [Holder] is what the first process becomes when a successor serves: it passes
// signals on to the process that serves, reaps processes whose parent has ended (it
// is their subreaper, or pid 1), and tells with what status the process that
// serves has ended.
//
// The [Link] is the other end of its socket, which passes from the process that
// serves to its successor: signals come by it; by it the holder hears who serves
// and what systemd is to be told, which listens to the first process alone. When
// the holder has ended, however that came, the Link ends: no process that serves
// is left without the pid that stands for it.
//
// # What it never knows
//
// What is served, and how it passes from one process to the next.
package holder
