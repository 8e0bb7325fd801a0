// Package netloop lets one goroutine serve many sockets: epoll, accept, and
// non-blocking reads and writes on plain file descriptors. A socket that is
// idle costs no goroutine and no buffer.
//
// It owns descriptors: when they are closed, and that no call reaches a number
// which the kernel has given to another socket. It never knows what is read or
// written, nor for whom.
//
// It exists on Linux only. On other systems the gateway serves clients with one
// goroutine each.
package netloop
