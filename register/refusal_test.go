package register

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/testwait"
)

// TestRefusals: each is counted once, under its own name.
func TestRefusals(t *testing.T) {
	for why, test := range map[Refusal]struct {
		opts Options
		line string
	}{
		RefusedAddress:      {Options{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}, ""},
		RefusedKey:          {Options{SecretKey: "key"}, asWorker},
		RefusedLine:         {Options{}, "what is this?\n"},
		RefusedAnnouncement: {Options{}, `{"event":"gateway_connect","secret_key":""}` + "\n"},
		RefusedEvent:        {Options{}, `{"event":"nothing","secret_key":""}` + "\n"},
		RefusedLongLine:     {Options{}, strings.Repeat("x", 20_000)},
		RefusedSilence:      {Options{AuthTimeout: time.Millisecond}, ""},
	} {
		t.Run(why.String(), func(t *testing.T) {
			s, addr := startServer(t, "", test.opts)
			p := dialPeer(t, addr)
			_, _ = p.nc.Write([]byte(test.line)) // it may be closed before all is written
			var want [NumRefusals]uint64
			want[why] = 1
			testwait.Until(t, "it is counted", func() bool { return s.Stats().Refused != [NumRefusals]uint64{} })
			if got := s.Stats().Refused; got != want {
				t.Errorf("refused %v, want %v", got, want)
			}
		})
	}
}
