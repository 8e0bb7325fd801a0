// Package handovertest hands state from one object of a test to another one as
// two processes do: the two have nothing in common but sockets.
package handovertest
