package phpjson

import (
	"testing"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

var message = []byte(`{"type":"say","from_client_id":"7f00000108fc00000001","from_client_name":"\u5f20\u4e09","to_client_id":"all","content":"hello \/ world","time":"2026-11-20 11:00:00","list":[1,2,3,4.5]}`)

func BenchmarkDecode(b *testing.B) {
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(message); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	v, err := Decode(message)
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.SetBytes(int64(len(message)))
	b.ReportAllocs()
	for b.Loop() {
		if buf, err = Append(buf[:0], v, Options{UnescapedUnicode: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeIDs(b *testing.B) {
	ids := phpserialize.NewArray()
	for i := range int64(1000) {
		ids.Append(i)
	}
	text, err := Encode(ids, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}
