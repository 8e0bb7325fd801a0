package innerclient

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

// FuzzReadReply: what a gateway sends is cut into the same answers, whole or byte
// by byte, as gatewayprotocol's decoder does; memory is taken for bytes that have
// arrived.
func FuzzReadReply(tf *testing.F) {
	f := fuzzvolume.For(tf)
	f.Add(gatewayprotocol.AppendReply(gatewayprotocol.AppendReply(nil, []byte("i:1;")), []byte("N;")), 100)
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1}, 1<<30)
	f.Add([]byte{0, 0, 0, 5, 'i'}, 4)
	f.Fuzz(func(t *testing.T, stream []byte, limit int) {
		if limit <= 0 {
			limit = 1
		}
		for name, r := range map[string]io.Reader{
			"whole": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
		} {
			br, rest := bufio.NewReaderSize(r, 16), stream
			for {
				got, err := readReply(br, limit)
				want, n, wantErr := gatewayprotocol.DecodeReply(rest, limit)
				if err != nil {
					var a, b *gatewayprotocol.ReplyLengthError
					if n != 0 || errors.As(err, &a) != errors.As(wantErr, &b) {
						t.Fatalf("%s: %v, want %q, %v", name, err, want, wantErr)
					}
					break
				}
				if n == 0 || !bytes.Equal(got, want) {
					t.Fatalf("%s: %q, want %q, %v", name, got, want, wantErr)
				}
				if cap(got) > max(2*len(got), replyAtOnce) {
					t.Fatalf("%s: %d bytes of memory for %d", name, cap(got), len(got))
				}
				rest = rest[n:]
			}
		}
	})
}
