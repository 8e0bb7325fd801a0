// Package proxyproto reads the head by which a proxy says whose connection it
// passes on: HAProxy's PROXY protocol, versions 1 and 2.
//
// It owns the bytes of the head. It never knows sockets, nor whom to believe.
package proxyproto
