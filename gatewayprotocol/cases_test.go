package gatewayprotocol

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wireCase is one input of the inner port. The table drives the tests of
// decoding and encoding, and seeds the fuzz targets.
type wireCase struct {
	name    string
	wire    string   // in hex, blanks ignored
	msg     *Message // what it decodes to, nil for none
	n       int      // length consumed; 0 = more bytes are wanted
	err     error    // what errors.As finds, by type
	oneWay  bool     // encoding msg does not give wire back
	maxSize int      // limit, 0 for the default
}

func (c wireCase) bytes() []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(c.wire), ""))
	if err != nil {
		panic(c.name + ": " + err.Error())
	}
	return b
}

var wireCases = []wireCase{
	{
		name: "CMD_SEND_TO_ONE as GatewayClient sends it",
		wire: "0000001e 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000 6869",
		msg:  &Message{Cmd: CmdSendToOne, LocalIP: 0x7f000001, LocalPort: 2900, ConnectionID: 5, Flag: FlagBodyIsScalar, ExtData: []byte{}, Body: []byte("hi")},
		n:    30,
	},
	{
		name: "CMD_ON_MESSAGE as a gateway sends it",
		wire: "00000027 03 7f000001 0b54 0a000002 c350 ffffffff 01 205a 00000006 613a303a7b7d 0d0a00ffe4",
		msg: &Message{Cmd: CmdOnMessage, LocalIP: 0x7f000001, LocalPort: 2900, ClientIP: 0x0a000002, ClientPort: 50000, ConnectionID: 1<<32 - 1,
			Flag: FlagBodyIsScalar, GatewayPort: 8282, ExtData: []byte("a:0:{}"), Body: []byte("\r\n\x00\xff\xe4")},
		n: 39,
	},
	{
		name: "CMD_PING",
		wire: "0000001c c9 00000000 0000 00000000 0000 00000000 01 0000 00000000",
		msg:  &Message{Cmd: CmdPing, Flag: FlagBodyIsScalar, ExtData: []byte{}, Body: []byte{}},
		n:    28,
	},
	{
		name: "all flags, unknown command",
		wire: "0000001f fe 01020304 0506 0708090a 0b0c 0d0e0f10 ff 1112 00000002 6162 63",
		msg: &Message{Cmd: 254, LocalIP: 0x01020304, LocalPort: 0x0506, ClientIP: 0x0708090a, ClientPort: 0x0b0c, ConnectionID: 0x0d0e0f10,
			Flag: 0xff, GatewayPort: 0x1112, ExtData: []byte("ab"), Body: []byte("c")},
		n: 31,
	},
	{
		name: "raw serialized body",
		wire: "0000001e 06 7f000001 0b54 00000000 0000 00000000 02 0000 00000000 4e3b",
		msg:  &Message{Cmd: CmdSendToAll, LocalIP: 0x7f000001, LocalPort: 2900, Flag: FlagNotCallEncode, ExtData: []byte{}, Body: []byte("N;")},
		n:    30,
	},
	{
		name:   "ext_len past the frame takes the rest",
		wire:   "0000001f 0c 7f000001 0b54 00000000 0000 00000005 00 0000 ffffffff 756964",
		msg:    &Message{Cmd: CmdBindUID, LocalIP: 0x7f000001, LocalPort: 2900, ConnectionID: 5, ExtData: []byte("uid"), Body: []byte{}},
		n:      31,
		oneWay: true,
	},
	{
		name:   "bytes behind the frame are left alone",
		wire:   "0000001c 0b 7f000001 0b54 00000000 0000 00000005 01 0000 00000000 0000001c0b",
		msg:    &Message{Cmd: CmdIsOnline, LocalIP: 0x7f000001, LocalPort: 2900, ConnectionID: 5, Flag: FlagBodyIsScalar, ExtData: []byte{}, Body: []byte{}},
		n:      28,
		oneWay: true,
	},
	{name: "nothing", wire: ""},
	{name: "half a head", wire: "0000001c c9 00000000 0000"},
	{name: "oversize is not seen before the head is whole", wire: "ffffffff c9 00000000 0000 00000000 0000 00000000 01 0000 000000"},
	{name: "half a body", wire: "0000001e 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000 68"},
	{name: "pack_len 0", wire: "00000000 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000", err: &FrameLengthError{Length: 0}},
	{name: "pack_len 27", wire: "0000001b 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000", err: &FrameLengthError{Length: 27}},
	{name: "one over the limit", wire: "00a00001 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000", err: &FrameLengthError{Length: MaxPackageSize + 1}},
	{name: "exactly the limit waits for its rest", wire: "00a00000 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000"},
	{name: "own limit", wire: "0000001e 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000 6869", maxSize: 29, err: &FrameLengthError{Length: 30}},
	{name: "largest length", wire: "ffffffff 05 7f000001 0b54 00000000 0000 00000005 01 0000 00000000", err: &FrameLengthError{Length: 1<<32 - 1}},
}

func TestWireCases(t *testing.T) {
	for _, c := range wireCases {
		t.Run(c.name, func(t *testing.T) {
			var m Message
			n, err := DecodeMessage(c.bytes(), &m, c.maxSize)
			if want, ok := c.err.(*FrameLengthError); ok {
				var got *FrameLengthError
				if !errors.As(err, &got) || got.Length != want.Length {
					t.Fatalf("error %v, want one of length %d", err, want.Length)
				}
				return
			}
			if err != nil || n != c.n {
				t.Fatalf("n = %d, %v, want %d", n, err, c.n)
			}
			if c.msg == nil {
				return
			}
			if diff := cmp.Diff(*c.msg, m); diff != "" {
				t.Error(diff)
			}
			if got := AppendMessage([]byte("x"), &m); !c.oneWay && string(got) != "x"+string(c.bytes()) {
				t.Errorf("encodes to %x", got[1:])
			}
			if m.Len() != len(AppendMessage(nil, &m)) {
				t.Errorf("Len() = %d", m.Len())
			}
			// What may be appended to a slice must not reach into the next.
			_ = append(m.ExtData, '!')
			_ = append(m.Body, '!')
			if got, _ := hex.DecodeString(strings.Join(strings.Fields(c.wire), "")); string(c.bytes()) != string(got) {
				t.Error("the input was written to")
			}
		})
	}
}

func TestReply(t *testing.T) {
	b := AppendReply([]byte("x"), []byte("i:1;"))
	if string(b) != "x\x00\x00\x00\x04i:1;" {
		t.Fatalf("%q", b)
	}
	for i := 1; i < len(b); i++ {
		if p, n, err := DecodeReply(b[1:i], 0); n != 0 || p != nil || err != nil {
			t.Fatalf("%d bytes: %q, %d, %v", i-1, p, n, err)
		}
	}
	if p, n, err := DecodeReply(append(b[1:], "more"...), 4); string(p) != "i:1;" || n != 8 || err != nil {
		t.Errorf("%q, %d, %v", p, n, err)
	}
	var re *ReplyLengthError
	if _, _, err := DecodeReply(b[1:5], 3); !errors.As(err, &re) || re.Length != 4 || re.Limit != 3 {
		t.Errorf("over the limit: %v", err)
	}
	if p, n, err := DecodeReply([]byte{0, 0, 0, 0}, 1); len(p) != 0 || n != 4 || err != nil {
		t.Errorf("empty reply: %q, %d, %v", p, n, err)
	}
}

func TestNames(t *testing.T) {
	for c := range 256 {
		cmd := Command(c)
		if !strings.HasPrefix(cmd.String(), "CMD_") {
			t.Errorf("%d: %v", c, cmd)
		}
		if cmd.IsQuery() && commandNames[cmd] == "" {
			t.Errorf("%v is an unknown query", cmd)
		}
	}
	if CmdSendToGroup.String() != "CMD_SEND_TO_GROUP" || Command(99).String() != "CMD_99" {
		t.Error("names differ from PHP's")
	}
}

func TestClientID(t *testing.T) {
	id := ClientID{LocalIP: 0x7f000001, LocalPort: 2900, ConnectionID: 5}
	if id.String() != "7f0000010b5400000005" || id.Gateway().String() != "127.0.0.1:2900" {
		t.Errorf("%v at %v", id, id.Gateway())
	}
	for _, s := range []string{"7f0000010b5400000005", "7F0000010B5400000005"} {
		if got, err := ParseClientID(s); err != nil || got != id {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "7f0000010b540000000", "7f0000010b54000000055", "7f0000010b540000000g", "中文中文中文12"} {
		var ce *ClientIDError
		if _, err := ParseClientID(s); !errors.As(err, &ce) || ce.Text != s {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestGatewayAddress(t *testing.T) {
	for _, s := range []string{"127.0.0.1:2900", "0.0.0.0:0", "255.255.255.255:65535"} {
		if a, err := ParseGatewayAddress(s); err != nil || a.String() != s {
			t.Errorf("%s: %v, %v", s, a, err)
		}
	}
	for _, s := range []string{"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+5", "[::1]:5", "[::ffff:1.2.3.4]:5",
		"localhost:5", "127.1:5", "127.0.0.01:5", " 127.0.0.1:5", "Array", "123"} {
		var ae *GatewayAddressError
		if a, err := ParseGatewayAddress(s); !errors.As(err, &ae) || ae.Text != s {
			t.Errorf("%q: %v, %v", s, a, err)
		}
	}
}
