// Package innerconn holds both halves of a connection between the processes of a
// cluster: gatewayclient's and businessworker's to a gateway's inner port, and a
// Register's to its workers.
//
// A [Sender] is the bounded outbound queue of one connection. Frames are appended
// to its buffer and written in batches: the caller of [Sender.Flush] writes all
// that is there, without blocking, unless another goroutine is writing; what the
// socket does not take at once is written by a goroutine that lives for just as
// long. A peer that does not read therefore never blocks a sender: its buffer
// fills up to the bound, and from then on frames are refused with
// [ErrBufferFull].
//
// A [Reader] reads. On Linux both make their system calls without telling the
// scheduler, which is of no use to calls that do not block.
//
// The gateway has two queues of its own, for what this one cannot do. A client's
// queue refers to messages in place of copying them, so that a broadcast to
// 100,000 clients is in memory once, and takes no memory while it is empty. An
// inner connection's is filled by all pollers and written by the inner loop,
// which learns from epoll that there is room, and needs no goroutine.
package innerconn
