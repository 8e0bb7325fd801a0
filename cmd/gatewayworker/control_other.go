//go:build !unix

package main

import "net"

// listenPrivate opens a socket; the folder that it is in says who may connect.
func listenPrivate(path string) (net.Listener, error) { return net.Listen("unix", path) }
