package clientproto

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCodecStreamsPHP feeds the same random conversations, cut at random, to
// the original and to the codecs. Left out are the inputs of which the case
// table says that PHP differs.
func TestCodecStreamsPHP(t *testing.T) {
	const n = 3000
	php := newPHPOracle(t, "testdata/oracle_stream.php", n)
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range n {
		protocol := []string{"websocket", "websocket", "websocket", "text", "frame"}[i%5]
		var input string
		switch protocol {
		case "websocket":
			input = randomHandshake(rng)
			var deflater wsDeflater
			for range rng.IntN(10) {
				if rng.IntN(8) == 0 {
					input += wsFrame(0xc1, deflater.message(strings.Repeat("hello ", rng.IntN(50))))
					continue
				}
				input += randomWSFrames(rng)
			}
			if rng.IntN(3) == 0 {
				input = input[:len(input)-rng.IntN(min(len(input), 20))]
			}
		case "text":
			for range rng.IntN(20) {
				input += pick(rng, "a", "hello", "\r", "\n", "\r\n", "\x00", "\xff", " ")
			}
		case "frame":
			for range rng.IntN(10) {
				body := strings.Repeat("x", rng.IntN(10))
				input += pick(rng, string(testCodec(t, "frame").AppendMessage(nil, []byte(body))), "\x00\x00\x00\x01\x00", "\x00\x00\x00", "\x00", "\x01\x00")
			}
			if strings.Contains(input, "\x00\x00\x00\x00") {
				continue // a length of 0
			}
		}
		chunks := randomChunks(rng, input)
		want, died := php.stream(protocol, chunks)
		if died {
			t.Fatalf("%s: the PHP process died of %q: %s", protocol, input, php.stderr.String())
		}
		got := run(t, testCodec(t, protocol), chunks)
		if diff := cmp.Diff(merged(want), merged(got.result()), cmp.AllowUnexported(codecEvent{})); diff != "" {
			t.Fatalf("%s, chunks %q: events (-PHP +got):\n%s\nerror: %v", protocol, chunks, diff, got.err)
		}
	}
}

// TestAddedHeadersPHP: what is added to the answer stands where
// $connection->headers does.
func TestAddedHeadersPHP(t *testing.T) {
	headers := []string{"Sec-WebSocket-Protocol: chat", "Server: mine", "X-Empty: "}
	php := newPHPOracle(t, "testdata/oracle_stream.php", len(headers))
	for n := range len(headers) + 1 {
		want, died := php.stream(strings.Join(append([]string{"websocket"}, headers[:n]...), "|"), whole([]byte(wsTestRequest)))
		if died {
			t.Fatalf("the PHP process died: %s", php.stderr.String())
		}
		got := &recorder{t: t, codec: testCodec(t, "websocket"), headers: headers[:n]}
		got.feed([]byte(wsTestRequest))
		if diff := cmp.Diff(want, got.result(), cmp.AllowUnexported(codecEvent{})); diff != "" {
			t.Errorf("%d headers (-PHP +got):\n%s", n, diff)
		}
	}
}

func pick(rng *rand.Rand, list ...string) string { return list[rng.IntN(len(list))] }

// randomHandshake is a good request, or sometimes one with something odd.
func randomHandshake(rng *rand.Rand) string {
	if rng.IntN(4) > 0 {
		return wsTestRequest
	}
	head := pick(rng, "GET", "GET", "GET", "POST", "get", "GE") + " /x HTTP/1.1\r\n"
	for range rng.IntN(6) {
		head += pick(rng, "Sec-WebSocket-Version:", "sec-websocket-version: ", "Sec-WebSocket-Key:", "SEC-WEBSOCKET-KEY:  ", "X-") +
			pick(rng, "13", "13", "13", "8", "k", "", " ", "\t") + pick(rng, "\r\n", "\r\n", "\r\n", "\n", "\r", "")
	}
	return head + pick(rng, "\r\n\r\n", "\r\n\r\n", "\r\n")
}

// randomWSFrames are frames that come whole: a message, fragments with nothing
// between them, control frames, and now and then something wrong.
func randomWSFrames(rng *rand.Rand) string {
	payload := strings.Repeat(pick(rng, "a", "\x00", "\xff", "hello "), rng.IntN(50))
	first := byte(rng.IntN(3)) | byte(rng.IntN(4)<<4) // opcode 0 to 2, RSV2 and RSV3
	switch rng.IntN(16) {
	case 0, 1, 2, 3, 4:
		return wsFrame(0x80|first, payload)
	case 5:
		return wsFrame16(0x80|first, payload)
	case 6:
		return wsFrame64(0x80|first, payload)
	case 7, 8:
		frames := ""
		for range 1 + rng.IntN(4) {
			frames += wsFrame(byte(rng.IntN(3))|byte(rng.IntN(4)<<4), payload)
		}
		return frames + wsFrame(0x80|first, "last")
	case 9, 10, 11:
		return wsFrame(0x89, payload)
	case 12, 13:
		return wsFrame(0x8a, payload)
	case 14:
		return wsFrame(0x88, payload)
	default:
		return pick(rng, "\x81\x01abcdef", wsFrame(0x83, payload), wsHead64(0x81, 10485747), wsHead64(0x81, 10485746))
	}
}

func randomChunks(rng *rand.Rand, input string) [][]byte {
	var chunks [][]byte
	for len(input) > 0 {
		n := len(input)
		if rng.IntN(3) > 0 {
			n = 1 + rng.IntN(min(n, 1+rng.IntN(100)))
		}
		chunks = append(chunks, []byte(input[:n]))
		input = input[n:]
	}
	return chunks
}
