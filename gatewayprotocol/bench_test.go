package gatewayprotocol

import (
	"bytes"
	"testing"
)

var benchMessage = Message{
	Cmd: CmdOnMessage, LocalIP: 0x7f000001, LocalPort: 2900, ClientIP: 0x0a000002, ClientPort: 50000,
	ConnectionID: 5, Flag: FlagBodyIsScalar, GatewayPort: 8282,
	ExtData: []byte(`a:1:{s:3:"uid";i:5;}`), Body: bytes.Repeat([]byte("x"), 128),
}

func BenchmarkAppendMessage(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(benchMessage.Len()))
	var buf []byte
	for b.Loop() {
		buf = AppendMessage(buf[:0], &benchMessage)
	}
}

func BenchmarkDecodeMessage(b *testing.B) {
	b.ReportAllocs()
	wire := AppendMessage(nil, &benchMessage)
	b.SetBytes(int64(len(wire)))
	var m Message
	for b.Loop() {
		if n, err := DecodeMessage(wire, &m, 0); n != len(wire) || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkDecodeReply(b *testing.B) {
	b.ReportAllocs()
	wire := AppendReply(nil, []byte("a:0:{}"))
	for b.Loop() {
		if _, n, err := DecodeReply(wire, 0); n != len(wire) || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkDecodeExt(b *testing.B) {
	var all SendToAll
	var group SendToGroup
	var names [][]byte
	for _, bm := range []struct {
		name, ext string
		decode    func(ext []byte) error
	}{
		{"SendToAll/connection", `{"connections":{"5":5}}`, func(e []byte) error { return DecodeSendToAllExt(e, &all) }},
		{"SendToAll/exclude", `{"exclude":{"5":5}}`, func(e []byte) error { return DecodeSendToAllExt(e, &all) }},
		{"SendToUID", `["user:12345"]`, func(e []byte) (err error) { names, err = DecodeNamesExt(CmdSendToUID, e, names); return }},
		{"SendToUID/escaped", `["\u4e2d\u6587"]`, func(e []byte) (err error) { names, err = DecodeNamesExt(CmdSendToUID, e, names); return }},
		{"SendToGroup", `{"group":["room:1"],"exclude":null}`, func(e []byte) error { return DecodeSendToGroupExt(e, &group) }},
		{"SendToGroup/exclude", `{"group":["room:1"],"exclude":{"5":5}}`, func(e []byte) error { return DecodeSendToGroupExt(e, &group) }},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			ext := []byte(bm.ext)
			for b.Loop() {
				if err := bm.decode(ext); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendBroadcastAddresses(b *testing.B) {
	b.ReportAllocs()
	var addrs []RegisterAddress
	for i := range 100 {
		a, err := NewRegisterAddress(GatewayAddress{IP: 0x0a000000 + uint32(i), Port: 2900}.String())
		if err != nil {
			b.Fatal(err)
		}
		addrs = append(addrs, a)
	}
	var buf []byte
	for b.Loop() {
		buf = AppendBroadcastAddresses(buf[:0], addrs)
	}
}
