//go:build linux

package faults

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// namespaceVariable is set in the process that runs in a network namespace.
const namespaceVariable = "FAULTS_NAMESPACE"

// TestPackets has packets dropped, in a network namespace of its own: some of
// all, and all of one port for a while. The kernel sends them again, so nothing
// may be lost.
func TestPackets(t *testing.T) {
	if os.Getenv(namespaceVariable) == "" {
		inNamespace(t)
		return
	}
	for _, cast := range chosenCasts() {
		t.Run(cast.name, func(t *testing.T) {
			if cast.name != "go" {
				needPHP(t)
			}
			runFaults(t, cast, false, packetFaults)
		})
	}
}

// inNamespace runs this test in another process, which has nothing but a
// loopback interface.
func inNamespace(t *testing.T) {
	for _, need := range []string{"unshare", "ip", "nft"} {
		if _, err := exec.LookPath(need); err != nil {
			fmt.Println("SKIPPED TestPackets:", err)
			t.Skip(err)
		}
	}
	if out, err := exec.Command("unshare", "--net", "nft", "add", "table", "ip", "faults").CombinedOutput(); err != nil {
		reason := fmt.Sprintf("no network namespace with nftables: %v %s", err, strings.TrimSpace(string(out)))
		fmt.Println("SKIPPED TestPackets:", reason)
		t.Skip(reason)
	}
	args := []string{"--net", "sh", "-c", `ip link set lo up && exec "$@"`, "sh", os.Args[0], "-test.run", "^TestPackets$", "-test.v"}
	args = append(args, fmt.Sprintf("-seed=%d", chosenSeed()), fmt.Sprintf("-each=%d", *each), "-cast="+*casts, "-fault="+*only, fmt.Sprintf("-measure=%v", *measure))
	cmd := exec.CommandContext(t.Context(), "unshare", args...)
	cmd.Env = append(os.Environ(), namespaceVariable+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("in a network namespace:\n%s", out)
	if err != nil {
		t.Error(err)
	}
}

// packetFaults are the faults of packets.
func packetFaults(c *cluster) []*kind {
	kinds := []*kind{dropKind("drop a tenth of all packets", "numgen random mod 10 == 0")}
	for name, address := range map[string]string{
		"register": c.register, "inner1": c.innerAddr[0], "inner2": c.innerAddr[1], "client1": c.clientAddr[0], "client2": c.clientAddr[1],
	} {
		_, port, _ := net.SplitHostPort(address)
		kinds = append(kinds, dropKind("drop all packets of "+name, "tcp dport "+port, "tcp sport "+port))
	}
	return sorted(kinds)
}

// dropKind drops packets on arrival: who sends them is told nothing.
func dropKind(name string, matches ...string) *kind {
	table := "table ip " + strings.ReplaceAll(name, " ", "_")
	return &kind{
		name: name, at: name, stops: true, cost: costsNothing,
		begin: func(*cluster) (func() error, error) {
			rules := table + " {\nchain in {\ntype filter hook input priority 0\n"
			for _, match := range matches {
				rules += match + " drop\n"
			}
			return func() error { return nft("delete " + table) }, nft(rules + "}\n}")
		},
	}
}

func nft(text string) error {
	cmd := exec.Command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(text + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft %s: %w %s", text, err, out)
	}
	return nil
}
