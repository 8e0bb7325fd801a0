package bench

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// wire is the client's side of a client protocol.
type wire interface {
	// appendMessage appends payload as a client sends it.
	appendMessage(dst, payload []byte) []byte
	// next returns the first unit of buf and its length; n is 0 while it is
	// not all there. The payload is valid until the next call.
	next(buf []byte) (u unit, n int, err error)
}

// unit is what the server sent: a message or a websocket control frame.
type unit struct {
	op      byte // a websocket opcode; opText for every message
	payload []byte
}

const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// maxMessage bounds what a server may send: more is not from a gateway.
const maxMessage = 16 << 20

var errFrame = errors.New("the server sent what is no frame")

// z, for a websocket, compresses.
func wireFor(protocol string, size int, z *packer) wire {
	switch protocol {
	case "text":
		return textWire{}
	case "frame":
		return frameWire{}
	case "tcp":
		return tcpWire{size}
	}
	return wsWire{z}
}

type wsWire struct{ z *packer } // nil does not compress

// The mask is constant: it is there because a server must undo it, and random
// masks would measure this process's random numbers.
var wsMask = [4]byte{0x37, 0xfa, 0x21, 0x3d}

func (w wsWire) appendMessage(dst, payload []byte) []byte {
	if w.z != nil {
		return w.appendFrame(dst, opText|deflateBit, w.z.deflate(payload))
	}
	return w.appendFrame(dst, opText, payload)
}

func (wsWire) appendFrame(dst []byte, op byte, payload []byte) []byte {
	dst = append(dst, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|126)
		dst = binary.BigEndian.AppendUint16(dst, uint16(n))
	default:
		dst = append(dst, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, wsMask[:]...)
	start := len(dst)
	dst = append(dst, payload...)
	mask := binary.LittleEndian.Uint32(wsMask[:])
	mask8 := uint64(mask)<<32 | uint64(mask)
	p := dst[start:]
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^mask8)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= wsMask[i&3]
	}
	return dst
}

func (w wsWire) next(buf []byte) (unit, int, error) {
	if len(buf) < 2 {
		return unit{}, 0, nil
	}
	op, size, head := buf[0]&0x0f, uint64(buf[1]), 2
	deflated := w.z != nil && buf[0]&deflateBit != 0 && op < opClose
	switch {
	case buf[0]&0xf0 != 0x80 && !deflated:
		return unit{}, 0, fmt.Errorf("%w: first byte %#02x (a fragment or a reserved bit)", errFrame, buf[0])
	case buf[1]&0x80 != 0:
		return unit{}, 0, fmt.Errorf("%w: masked", errFrame)
	case op != opText && op != 2 && op != opClose && op != opPing && op != opPong:
		return unit{}, 0, fmt.Errorf("%w: opcode %d", errFrame, op)
	case size == 126:
		if head = 4; len(buf) < head {
			return unit{}, 0, nil
		}
		size = uint64(binary.BigEndian.Uint16(buf[2:]))
	case size == 127:
		if head = 10; len(buf) < head {
			return unit{}, 0, nil
		}
		size = binary.BigEndian.Uint64(buf[2:])
	}
	if size > maxMessage {
		return unit{}, 0, fmt.Errorf("%w: a length of %d", errFrame, size)
	}
	n := head + int(size)
	if len(buf) < n {
		return unit{}, 0, nil
	}
	if op == 2 {
		op = opText
	}
	if deflated {
		payload, err := w.z.inflate(buf[head:n])
		if err != nil {
			return unit{}, 0, err
		}
		return unit{op, payload}, n, nil
	}
	return unit{op, buf[head:n]}, n, nil
}

type textWire struct{}

func (textWire) appendMessage(dst, payload []byte) []byte {
	return append(append(dst, payload...), '\n')
}

func (textWire) next(buf []byte) (unit, int, error) {
	i := bytes.IndexByte(buf, '\n')
	if i < 0 {
		if len(buf) > maxMessage {
			return unit{}, 0, fmt.Errorf("%w: no end of line in %d bytes", errFrame, len(buf))
		}
		return unit{}, 0, nil
	}
	return unit{opText, bytes.TrimRight(buf[:i], "\r")}, i + 1, nil
}

type frameWire struct{}

func (frameWire) appendMessage(dst, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(payload)+4))
	return append(dst, payload...)
}

func (frameWire) next(buf []byte) (unit, int, error) {
	if len(buf) < 4 {
		return unit{}, 0, nil
	}
	n := binary.BigEndian.Uint32(buf)
	if n < 4 || n > maxMessage {
		return unit{}, 0, fmt.Errorf("%w: a length of %d", errFrame, n)
	}
	if uint32(len(buf)) < n {
		return unit{}, 0, nil
	}
	return unit{opText, buf[4:n]}, int(n), nil
}

// tcpWire has no messages: all are of one size, so the bytes can be counted off.
type tcpWire struct{ size int }

func (tcpWire) appendMessage(dst, payload []byte) []byte { return append(dst, payload...) }

func (w tcpWire) next(buf []byte) (unit, int, error) {
	if len(buf) < w.size {
		return unit{}, 0, nil
	}
	return unit{opText, buf[:w.size]}, w.size, nil
}

// upgradeRequest asks for the websocket; its key is the one of RFC 6455 1.3.
const upgradeRequest = "GET /bench HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// parseUpgrade returns the length of the 101 response at the start of buf, 0
// while it is not all there.
func parseUpgrade(buf []byte) (int, error) {
	i := bytes.Index(buf, []byte("\r\n\r\n"))
	if i < 0 {
		if len(buf) > 16<<10 {
			return 0, errors.New("no end of the handshake's response in 16 KiB")
		}
		return 0, nil
	}
	head := buf[:i]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101")) || !bytes.Contains(head, []byte("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")) {
		line, _, _ := bytes.Cut(head, []byte("\r\n"))
		return 0, fmt.Errorf("the handshake was answered with %q", line)
	}
	return i + 4, nil
}
