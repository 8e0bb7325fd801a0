package compattests

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// names replaces what differs from run to run - ports, and with them addresses
// and client ids - by names of the same width, so that the lengths inside of
// serialized values stay right.
type names struct {
	ports    map[string]string // five digits -> five characters, such as "gw1__"
	prefixes map[string]string // first 12 digits of a gateway's client ids -> 12 characters
	gateways []gatewayNames
	clients  []clientNames
}

type gatewayNames struct {
	name       string
	inner      gp.GatewayAddress
	clientPort uint16
}

type clientNames struct {
	name string
	port uint16
}

var (
	fiveDigits  = regexp.MustCompile(`\b[1-6]\d{4}\b`)
	hexClientID = regexp.MustCompile(`\b[0-9a-f]{20}\b`)
)

// pad makes a name five characters wide.
func pad(name string) string { return name + strings.Repeat("_", max(0, 5-len(name))) }

func (n *names) port(port int, name string) {
	if n.ports == nil {
		n.ports = map[string]string{}
	}
	n.ports[strconv.Itoa(port)] = pad(name)
}

func (n *names) gateway(name string, inner gp.GatewayAddress, clientPort uint16) {
	if n.prefixes == nil {
		n.prefixes = map[string]string{}
	}
	n.port(int(inner.Port), name)
	n.port(int(clientPort), "p"+name)
	n.prefixes[gp.ClientID{LocalIP: inner.IP, LocalPort: inner.Port}.String()[:12]] = fmt.Sprintf("<client@%s>", name)[:12]
	n.gateways = append(n.gateways, gatewayNames{name: name, inner: inner, clientPort: clientPort})
}

func (n *names) client(name string, port int) {
	n.port(port, name)
	n.clients = append(n.clients, clientNames{name, uint16(port)})
}

// eventSource returns "c1@gw1" where all the address fields of m are those of
// a client of the stage, else "".
func (n *names) eventSource(m *gp.Message) string {
	for _, g := range n.gateways {
		if m.LocalIP != g.inner.IP || m.LocalPort != g.inner.Port || m.GatewayPort != g.clientPort {
			continue
		}
		for _, c := range n.clients {
			if m.ClientPort == c.port && m.ClientIP == 0x7f000001 {
				return c.name + "@" + g.name
			}
		}
	}
	return ""
}

func (n *names) replace(text string) string {
	if len(n.prefixes) > 0 {
		text = hexClientID.ReplaceAllStringFunc(text, func(id string) string {
			if name, ok := n.prefixes[id[:12]]; ok {
				return name + id[12:]
			}
			return id
		})
	}
	return fiveDigits.ReplaceAllStringFunc(text, func(digits string) string {
		if name, ok := n.ports[digits]; ok {
			return name
		}
		return digits
	})
}

// restore is the inverse of replace.
func (n *names) restore(text string) string {
	for id, name := range n.prefixes {
		text = strings.ReplaceAll(text, name, id)
	}
	for port, name := range n.ports {
		text = strings.ReplaceAll(text, ":"+name, ":"+port)
	}
	return text
}
