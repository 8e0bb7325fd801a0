// Package outqueue holds the messages that wait to be sent to a client, and the
// memory that they stand in.
//
// It owns a client's [Queue]: messages that are referred to until they are
// offered to the kernel, and a copy of what the kernel did not take. It owns the
// [Arena] too, in which a batch's messages stand one behind the other: a
// broadcast is encoded once, and a burst of broadcasts is one piece for each
// client.
//
// It never knows what a client is, what the bytes mean, how much may wait, or who
// may write when: the client decides that, under its own lock.
package outqueue
