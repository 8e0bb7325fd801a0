// Package innerconn holds both halves of a connection to a gateway's inner port.
// It is what gatewayclient and businessworker share; programs have no need of
// it.
//
// A [Sender] has one buffer with a bound. Frames are appended to it and written
// in batches: a call of [Sender.Flush] writes everything that is there, without
// blocking, unless another call is writing; what the socket does not take at
// once is written by a goroutine that lives for just as long. A gateway that does not
// read therefore never blocks a sender: its buffer fills up to the bound, and
// from then on frames are refused with [ErrBufferFull].
//
// A [Reader] reads. On Linux both make their system calls without telling the
// scheduler, which is of no use to calls that do not block.
package innerconn
