package gateway_test

import (
	"encoding/binary"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gateway"
)

// meterProtocol is spoken by meters that send a type, two bytes of length and
// a reading. Type 0 is a heartbeat and is answered as it came.
type meterProtocol struct{}

const meterHead = 3

func (meterProtocol) Input(buf []byte, _ gateway.ClientConn) (int, error) {
	if len(buf) < meterHead {
		return 0, nil
	}
	if buf[0] > 1 {
		return 0, fmt.Errorf("meter: unknown type %d", buf[0])
	}
	return meterHead + int(binary.BigEndian.Uint16(buf[1:])), nil
}

func (meterProtocol) Decode(packet []byte, client gateway.ClientConn) ([]byte, error) {
	if packet[0] == 0 {
		client.Reply(packet)
		return nil, gateway.ErrNoMessage
	}
	return packet[meterHead:], nil
}

func (meterProtocol) AppendPacket(dst, message []byte) []byte {
	dst = append(dst, 1)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(message)))
	return append(dst, message...)
}

func ExampleClientProtocol() {
	var protocol gateway.ClientProtocol = meterProtocol{}

	packet := protocol.AppendPacket(nil, []byte("21.5 C"))
	fmt.Printf("%q\n", packet)

	length, _ := protocol.Input(packet[:2], nil)
	fmt.Println(length)
	length, _ = protocol.Input(packet, nil)
	fmt.Println(length)

	message, _ := protocol.Decode(packet[:length], nil)
	fmt.Printf("%s\n", message)
	// Output:
	// "\x01\x00\x0621.5 C"
	// 0
	// 9
	// 21.5 C
}
