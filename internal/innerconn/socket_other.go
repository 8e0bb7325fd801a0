//go:build !unix

package innerconn

import "net"

func nonblockingWriter(net.Conn) func(b []byte) (int, error) { return nil }

func socketReader(net.Conn) func(b []byte) (int, error) { return nil }
