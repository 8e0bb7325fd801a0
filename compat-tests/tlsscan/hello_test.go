package tlsscan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"time"
)

const patience = 2 * time.Minute

// Versions as TLS has them on the wire.
const (
	ssl30 = 0x0300
	tls10 = 0x0301
	tls11 = 0x0302
	tls12 = 0x0303
	tls13 = 0x0304
)

// hello is a ClientHello with what a probe wants in it.
type hello struct {
	version     uint16 // the highest that is offered
	ciphers     []uint16
	compression []byte            // nil: none
	more        map[uint16][]byte // extensions besides those that every hello has
}

// vector is b with its length in n bytes before it.
func vector(n int, b []byte) []byte {
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], uint32(len(b)))
	return append(append([]byte{}, size[4-n:]...), b...)
}

func numbers(list ...uint16) []byte {
	var b []byte
	for _, n := range list {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	return b
}

// record returns the hello as one record.
func (h hello) record() []byte {
	legacy := min(h.version, tls12)
	body := append(numbers(legacy), make([]byte, 32)...) // version, random
	body = append(body, 0)                               // no session
	body = append(body, vector(2, numbers(h.ciphers...))...)
	compression := h.compression
	if compression == nil {
		compression = []byte{0}
	}
	body = append(body, vector(1, compression)...)
	if h.version > ssl30 {
		extensions := map[uint16][]byte{
			10: vector(2, numbers(0x001d, 0x0017, 0x0018)),                                         // groups
			11: vector(1, []byte{0}),                                                               // point formats
			13: vector(2, numbers(0x0403, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0201, 0x0203)), // signatures
		}
		if h.version == tls13 {
			extensions[43] = vector(1, numbers(tls13))
			share := append(numbers(0x001d), vector(2, append(make([]byte, 31), 9))...) // x25519, a valid point
			extensions[51] = vector(2, share)
		}
		maps.Copy(extensions, h.more)
		var all []byte
		for _, id := range []uint16{0, 10, 11, 13, 15, 16, 18, 23, 35, 43, 51, 0xff01, 5} {
			if data, ok := extensions[id]; ok {
				all = append(append(all, numbers(id)...), vector(2, data)...)
			}
		}
		body = append(body, vector(2, all)...)
	}
	message := append([]byte{1}, vector(3, body)...)
	return append([]byte{22, 3, byte(min(legacy, tls10))}, vector(2, message)...)
}

// answer is the first that a server says.
type answer struct {
	alert       byte // 0: none
	closed      bool // the connection ended, without an alert
	version     uint16
	cipher      uint16
	compression byte
	extensions  map[uint16][]byte
	messages    []byte // types of the handshake messages in the first flight, as far as they are in clear
}

func (a answer) String() string {
	switch {
	case a.alert != 0:
		return fmt.Sprintf("alert %d", a.alert)
	case a.closed:
		return "closed"
	}
	return fmt.Sprintf("version %04x, cipher %04x", a.version, a.cipher)
}

func (a answer) refused() bool { return a.alert != 0 || a.closed }

// ask sends bytes and reads what the server says to them.
func ask(address string, sent []byte) (answer, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	_, _ = conn.Write(sent) // a server that has read enough may have closed
	return read(conn)
}

// read reads records until a ServerHelloDone, anything encrypted, or the end.
func read(conn net.Conn) (answer, error) {
	var a answer
	var handshake []byte
	for {
		head := make([]byte, 5)
		if _, err := io.ReadFull(conn, head); err != nil {
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				return a, fmt.Errorf("the server says nothing and does not close: %w", err)
			}
			a.closed = a.version == 0
			return a, nil
		}
		body := make([]byte, binary.BigEndian.Uint16(head[3:]))
		if _, err := io.ReadFull(conn, body); err != nil {
			return a, err
		}
		switch head[0] {
		case 21: // an alert
			if len(body) == 2 && body[1] != 0 {
				a.alert = body[1]
			} else {
				a.closed = true
			}
			return a, nil
		case 22:
			handshake = append(handshake, body...)
		default: // ChangeCipherSpec, or encrypted
			return a, nil
		}
		for len(handshake) >= 4 {
			n := 4 + int(handshake[1])<<16 + int(handshake[2])<<8 + int(handshake[3])
			if len(handshake) < n {
				break
			}
			a.messages = append(a.messages, handshake[0])
			switch handshake[0] {
			case 2:
				a.serverHello(handshake[4:n])
			case 14:
				return a, nil
			}
			handshake = handshake[n:]
		}
	}
}

func (a *answer) serverHello(b []byte) {
	a.version = binary.BigEndian.Uint16(b)
	b = b[34:]
	b = b[1+int(b[0]):]
	a.cipher, a.compression = binary.BigEndian.Uint16(b), b[2]
	a.extensions = map[uint16][]byte{}
	if b = b[3:]; len(b) < 2 {
		return
	}
	for b = b[2:]; len(b) >= 4; {
		n := int(binary.BigEndian.Uint16(b[2:]))
		a.extensions[binary.BigEndian.Uint16(b)] = b[4 : 4+n]
		b = b[4+n:]
	}
	if v, ok := a.extensions[43]; ok && len(v) == 2 {
		a.version = binary.BigEndian.Uint16(v)
	}
}
