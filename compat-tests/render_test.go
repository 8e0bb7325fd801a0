package compattests

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// longText is the number of bytes from which a text is shown by its length,
// its start and a digest.
const longText = 40000

// quote renders bytes as a Go string literal, in backquotes where possible.
func quote(data []byte) string {
	if len(data) > longText {
		return fmt.Sprintf("<%d bytes, %s..., sha256 %x>", len(data), quote(data[:24]), sha256.Sum256(data))
	}
	text := string(data)
	if utf8.ValidString(text) && strconv.CanBackquote(text) && !strings.Contains(text, "\t") {
		return "`" + text + "`"
	}
	return strconv.QuoteToASCII(text)
}

// renderFrame renders a frame. Head fields that are 0 are left out; "c1@gw1"
// stands for all the address fields of an event about client c1 of gateway gw1.
func (n *names) renderFrame(m *gp.Message) string {
	var b strings.Builder
	b.WriteString(m.Cmd.String())
	if who := n.eventSource(m); who != "" {
		b.WriteString(" " + who)
	} else {
		for _, f := range []struct {
			name  string
			value uint32
		}{
			{"local_ip", m.LocalIP}, {"local_port", uint32(m.LocalPort)}, {"client_ip", m.ClientIP},
			{"client_port", uint32(m.ClientPort)}, {"gateway_port", uint32(m.GatewayPort)},
		} {
			if f.value != 0 {
				fmt.Fprintf(&b, " %s=%d", f.name, f.value)
			}
		}
	}
	if m.ConnectionID != 0 {
		fmt.Fprintf(&b, " id=%d", m.ConnectionID)
	}
	if m.Flag != 0 {
		fmt.Fprintf(&b, " flag=%d", m.Flag)
	}
	if len(m.ExtData) > 0 {
		b.WriteString(" ext=" + quote(m.ExtData))
	}
	if len(m.Body) > 0 {
		b.WriteString(" body=" + quote(m.Body))
	}
	return b.String()
}

var frameField = regexp.MustCompile("^ (\\w+)=(\\d+|`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\")")

// parseFrame is the inverse of renderFrame for frames that name no client.
func parseFrame(text string) (*gp.Message, error) {
	word, rest, _ := strings.Cut(text, " ")
	m := &gp.Message{}
	found := false
	for c := range 256 {
		if gp.Command(c).String() == word {
			m.Cmd, found = gp.Command(c), true
			break
		}
	}
	if !found {
		return nil, fmt.Errorf("no command in %q", text)
	}
	for rest = " " + rest; rest != " " && rest != ""; {
		match := frameField.FindStringSubmatch(rest)
		if match == nil {
			return nil, fmt.Errorf("no field at %q in %q", rest, text)
		}
		rest = rest[len(match[0]):]
		if match[1] == "ext" || match[1] == "body" {
			value, err := strconv.Unquote(match[2])
			if err != nil {
				return nil, fmt.Errorf("%s in %q: %w", match[1], text, err)
			}
			if match[1] == "ext" {
				m.ExtData = []byte(value)
			} else {
				m.Body = []byte(value)
			}
			continue
		}
		value, err := strconv.ParseUint(match[2], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%s in %q: %w", match[1], text, err)
		}
		switch match[1] {
		case "local_ip":
			m.LocalIP = uint32(value)
		case "local_port":
			m.LocalPort = uint16(value)
		case "client_ip":
			m.ClientIP = uint32(value)
		case "client_port":
			m.ClientPort = uint16(value)
		case "gateway_port":
			m.GatewayPort = uint16(value)
		case "id":
			m.ConnectionID = uint32(value)
		case "flag":
			m.Flag = gp.Flag(value)
		default:
			return nil, fmt.Errorf("unknown field %s in %q", match[1], text)
		}
	}
	return m, nil
}
