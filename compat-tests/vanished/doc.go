// Package vanished tests, over a network that begins to drop every packet, how
// long it takes until the programs of a cluster give up peers that are not there
// any more, and that peers which are there and do nothing are not given up.
package vanished
