package clientproto

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-gatewayworker/gatewayworker/internal/fuzzvolume"
)

const plainAnswer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// offers are headers, and the answers to them: "" is none.
var offers = []struct{ header, answer string }{
	{"permessage-deflate", plainAnswer},
	{"permessage-deflate; client_max_window_bits", plainAnswer}, // Chromium's, Safari's and ws'
	{"permessage-deflate; server_no_context_takeover; client_no_context_takeover", plainAnswer},
	{"permessage-deflate;client_max_window_bits=8 ; server_no_context_takeover", plainAnswer},
	{`permessage-deflate; client_max_window_bits="15"`, plainAnswer},
	{`permessage-deflate; client_max_window_bits="1\5"`, plainAnswer},
	{"permessage-deflate; server_max_window_bits=15", plainAnswer + "; server_max_window_bits=15"},
	{`permessage-deflate; server_max_window_bits="15"; client_max_window_bits`, plainAnswer + "; server_max_window_bits=15"},
	{",, \t permessage-deflate ,", plainAnswer},

	// The first offer that can be kept.
	{"permessage-deflate; server_max_window_bits=10, permessage-deflate", plainAnswer},
	{"permessage-deflate; mode=fast, permessage-deflate; server_max_window_bits=15, permessage-deflate", plainAnswer + "; server_max_window_bits=15"},
	{"x-webkit-deflate-frame; no_context_takeover, permessage-deflate", plainAnswer},
	{`superspeed; color="red", permessage-deflate`, plainAnswer},

	// Parameters that cannot be (RFC 7692 section 7).
	{"permessage-deflate; unknown", ""},
	{"permessage-deflate; server_no_context_takeover=1", ""},
	{"permessage-deflate; client_no_context_takeover=true", ""},
	{"permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""},
	{"permessage-deflate; client_max_window_bits; client_max_window_bits=10", ""},
	{"permessage-deflate; client_max_window_bits=7", ""},
	{"permessage-deflate; client_max_window_bits=16", ""},
	{"permessage-deflate; client_max_window_bits=08", ""},
	{"permessage-deflate; client_max_window_bits=abc", ""},
	{"permessage-deflate; server_max_window_bits", ""},
	{"permessage-deflate; server_max_window_bits=14", ""}, // messages may refer further back
	{"permessage-deflate; server_max_window_bits=015", ""},
	{"permessage-deflate; Server_No_Context_Takeover", ""},

	// Others, and what is not well formed.
	{"", ""},
	{" , ,", ""},
	{"permessage-deflat", ""},
	{"permessage-deflate-2", ""},
	{"Permessage-Deflate", ""},
	{"x-webkit-deflate-frame", ""},
	{"permessage-deflate;", ""},
	{"permessage-deflate; ", ""},
	{"permessage-deflate; =1", ""},
	{"permessage-deflate; client_max_window_bits=", ""},
	{`permessage-deflate; client_max_window_bits="`, ""},
	{`permessage-deflate; client_max_window_bits="15`, ""},
	{`permessage-deflate; client_max_window_bits=""`, ""},
	{`permessage-deflate; client_max_window_bits="1 5"`, ""},
	{`permessage-deflate; client_max_window_bits="15\`, ""},
	{"permessage-deflate client_max_window_bits", ""},
	{"permessage-deflate, ;", ""},
	{"permessage-deflate, a b", ""},
	{"permessage-deflate\x00", ""},
	{"(permessage-deflate)", ""},
}

func TestAcceptOffer(t *testing.T) {
	for _, tt := range offers {
		answer, ok := acceptOffer(tt.header)
		if answer != tt.answer || ok != (tt.answer != "") {
			t.Errorf("%q: answer %q (%v), want %q", tt.header, answer, ok, tt.answer)
		}
	}
}

// negotiating is a handler that accepts compression.
type negotiating struct {
	*recorder
	accepted bool
	response string
}

func (n *negotiating) Request(r *Request) {
	n.accepted = r.NegotiateDeflate()
	n.recorder.Request(r)
}

func (n *negotiating) Handshaken(response []byte) { n.response = string(response) }

// TestNegotiate: what the 101 says, and that both dialects say it.
func TestNegotiate(t *testing.T) {
	for _, tt := range []struct {
		lines      []string
		workerman4 bool
		want       []string
	}{
		{[]string{"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}, false, []string{plainAnswer}},
		{[]string{"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}, true, []string{plainAnswer}},
		{[]string{"sec-websocket-extensions:foo", "SEC-WEBSOCKET-EXTENSIONS: permessage-deflate"}, false, []string{plainAnswer}},
		{[]string{"Sec-WebSocket-Extensions: foo"}, false, nil},
		{[]string{"X-Sec-WebSocket-Extensions: permessage-deflate"}, false, nil},
		{nil, false, nil},
	} {
		r := &negotiating{recorder: &recorder{t: t}}
		request := "GET / HTTP/1.1\r\n" + strings.Join(append(tt.lines, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: k"), "\r\n") + "\r\n\r\n"
		var st State
		if _, err := New("websocket", Options{Workerman4: tt.workerman4}).Decode(&st, []byte(request), r); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufioOf(r.response), nil)
		if err != nil {
			t.Fatalf("%q: %v", r.response, err)
		}
		if got := resp.Header.Values(extensionsHeader); !slices.Equal(got, tt.want) {
			t.Errorf("%q: the answer has %q, want %q", tt.lines, got, tt.want)
		}
		if r.accepted != (tt.want != nil) || st.Deflates() != r.accepted {
			t.Errorf("%q: accepted is %v, the state says %v", tt.lines, r.accepted, st.Deflates())
		}
	}
}

// FuzzOffer: an offer is accepted only if a plain reading of the header finds one,
// and the answer is one of two.
func FuzzOffer(tf *testing.F) {
	f := fuzzvolume.For(tf)
	for _, tt := range offers {
		f.Add(tt.header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		answer, ok := acceptOffer(header)
		if !ok {
			if answer != "" {
				t.Fatalf("%q: answer %q", header, answer)
			}
			return
		}
		if answer != plainAnswer && answer != plainAnswer+"; server_max_window_bits=15" {
			t.Fatalf("%q: answer %q", header, answer)
		}
		// Some element of the list names the extension and nothing unknown.
		for offer := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(offer, ";")
			if strings.Trim(name, " \t") != deflateExtension {
				continue
			}
			known := true
			for param := range strings.SplitSeq(params, ";") {
				name, _, _ := strings.Cut(param, "=")
				if name = strings.Trim(name, " \t"); name != "" && !slices.Contains(deflateParams[:], name) {
					known = false
				}
			}
			if known {
				return
			}
		}
		t.Fatalf("%q has no offer, and is answered %q", header, answer)
	})
}
