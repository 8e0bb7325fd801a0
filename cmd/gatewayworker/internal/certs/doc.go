// Package certs keeps the certificates of servers: read from files and read again
// when those change, several by the name that a client asks for, or obtained by
// ACME.
//
// It owns the tls.Config that connections get. It never knows flags, listeners or
// what is served.
package certs
