package workerman

import (
	"net/netip"
	"strconv"
	"strings"
)

// Connection is a line of `connections`.
type Connection struct {
	Worker        string // "" is the name of the process's worker
	ID            uint64
	Transport     string // tcp or ssl
	Protocol      string // such as Websocket
	RecvQ, SendQ  int    // bytes that wait in the program
	Read, Written uint64 // bytes
	Local, Remote netip.AddrPort
}

// Connections appends the lines of the process's connections to the master's file.
// (PHP: writeConnectionsStatisticsToStatusFile.)
func (m *Master) Connections(all []Connection) error {
	var b strings.Builder
	for i := range all {
		m.connectionLine(&b, m.pid(), &all[i])
	}
	return appendTo(m.ConnectionsFile, b.String())
}

func (m *Master) connectionLine(b *strings.Builder, pid int, c *Connection) {
	name := c.Worker
	if name == "" {
		name = m.Name
	}
	v4, v6 := " 1", " 0"
	if c.Remote.Addr().Is6() {
		v4, v6 = v6, v4
	}
	pad(b, strconv.Itoa(pid), 9)
	pad(b, cut(name, 14), 16)
	pad(b, strconv.FormatUint(c.ID, 10), 10)
	pad(b, c.Transport, 8)
	pad(b, cut(c.Protocol, 15), 16)
	pad(b, v4, 7)
	pad(b, v6, 7)
	pad(b, size(uint64(c.RecvQ)), 13)
	pad(b, size(uint64(c.SendQ)), 13)
	pad(b, size(c.Read), 13)
	pad(b, size(c.Written), 13)
	b.WriteByte(' ')
	pad(b, "ESTABLISHED", 14)
	b.WriteByte(' ')
	pad(b, c.Local.String(), 22)
	b.WriteByte(' ')
	pad(b, c.Remote.String(), 22)
	b.WriteByte('\n')
}

// cut shortens a text of more than n bytes, with two dots at the end.
func cut(text string, n int) string {
	if len(text) > n {
		return text[:n-2] + ".."
	}
	return text
}

// size is a number of bytes as Workerman shows it.
func size(n uint64) string {
	for _, unit := range []struct {
		bytes uint64
		name  string
	}{{1 << 40, "TB"}, {1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "KB"}} {
		if n > unit.bytes {
			return rounded(float64(n)/float64(unit.bytes), 1) + unit.name
		}
	}
	return strconv.FormatUint(n, 10) + "B"
}
