package endurance

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testprocess"
)

// attack is what a hostile peer does, or many, until its context ends.
type attack struct {
	name string
	run  func(a *assault)
	// memory is how many bytes the gateway may take meanwhile, besides what it had.
	memory uint64
	// remains is how many bytes of it the heap may keep: of a goroutine that has
	// ended Go keeps some 450 bytes for the next one, for ever, and each TLS
	// handshake under way has one.
	remains uint64
	// crowd says that many connections attack, not one: what others wait is not
	// bounded then, as two cores are shared with the attackers.
	crowd bool
	// noPHP says why PHP's gateway does not have to stand it.
	noPHP string
}

// tolerance is by how much one hostile client may make others wait longer: p99.
const tolerance = 5 * time.Millisecond

func TestHostile(t *testing.T) {
	c := startCluster(t, gatewayConfig{})
	c.addWorker(t)
	b := stand(t, 8, c.Client, c.Secure)
	b.served(t)
	of := map[string]figures{}
	for _, attack := range attacks {
		t.Run(attack.name, func(t *testing.T) { of[attack.name] = withstand(t, c, b, attack) })
	}
	if *update {
		writeTables(t, of, false)
	}
}

// attackTime is how long an attack goes on.
func attackTime() time.Duration {
	switch {
	case *attackFor > 0:
		return *attackFor
	case *long:
		return 15 * time.Second
	}
	return 1500 * time.Millisecond
}

// TestHostilePHP says how long bystanders wait while PHP's gateway is attacked: for
// comparison. What fails then is noted.
func TestHostilePHP(t *testing.T) {
	clustertest.NeedPHP(t)
	of := map[string]figures{}
	if *update {
		defer func() { writeTables(t, of, true) }()
	}
	for _, attack := range attacks {
		t.Run(attack.name, func(t *testing.T) {
			if attack.noPHP != "" {
				t.Skipf("SKIPPED: %s", attack.noPHP)
			}
			started := clustertest.Start(t, clustertest.PHP, clustertest.Options{SecretKey: secretKey})
			g := started.Gateways[0]
			c := &cluster{gatewayReady: gatewayReady{Client: g.ClientAddr, Inner: g.InnerAddr}, register: started.Registers[0].Addr}
			c.addWorker(t)
			b := stand(t, 16, c.Client)
			b.served(t)
			_, _ = b.since()
			pause(attackTime() / 3)
			quiet, err := b.since()
			if err != nil {
				t.Fatal(err)
			}
			a := launch(t, attack, c, attackTime())
			pause(attackTime())
			hostile, err := b.since()
			t.Logf("PHP, quiet: %v\n    attacked: %v; attackers: %v; error: %v", quiet, hostile, a.over(t), err)
			of[attack.name] = figures{quiet: quiet, hostile: hostile}
		})
	}
}

// withstand has the cluster attacked, and checks what the attack is to others and
// that it leaves nothing behind.
func withstand(t *testing.T, c *cluster, b *bystanders, attack attack) figures {
	t.Helper()
	d := attackTime()
	// Before: what is, and how long bystanders wait without.
	_, _ = b.since()
	pause(d / 3)
	quiet, err := b.since()
	if err != nil {
		t.Fatalf("before: %v", err)
	}
	before := c.gateway.Collected(t)
	c.gateway.ResetPeak()

	a := launch(t, attack, c, d)
	_, _ = b.since()
	pause(d)
	hostile, err := b.since()
	during := c.gateway.Stats(t)
	attackers := a.over(t)
	b.served(t)
	after := recovered(t, c, before, attack.remains)

	cpu := during.CPU - before.CPU
	t.Logf("quiet: %v\n    attacked: %v\n    gateway: %+.1f MB at most, %d goroutines, %.2f s of CPU in %v; afterwards heap %+.2f MB, RSS %+.1f MB; attackers: %v",
		quiet, hostile, mb(max(during.PeakRSS, before.RSS)-before.RSS), during.Goroutines, cpu, d,
		mb(after.Heap)-mb(before.Heap), mb(after.RSS)-mb(before.RSS), attackers)
	if err != nil {
		t.Errorf("a bystander is not served: %v", err)
	}
	allowed := attack.memory
	if race {
		allowed = 12*allowed + 200<<20 // the detector's shadow
	}
	if during.PeakRSS > before.RSS+allowed {
		t.Errorf("the gateway took %.1f MB, which may be %.1f MB", mb(during.PeakRSS-before.RSS), mb(allowed))
	}
	if *long && !race && !attack.crowd && min(quiet.answers, hostile.answers) < fewest {
		t.Errorf("the machine was stolen from nearly all the time: nothing can be said of how long bystanders wait")
	} else if *long && !race && !attack.crowd && hostile.p99 > quiet.p99+tolerance {
		t.Errorf("bystanders wait %v longer (p99)", hostile.p99-quiet.p99)
	}
	return figures{quiet, hostile, max(during.PeakRSS, before.RSS) - before.RSS}
}

// recovered waits until the gateway has what it had before.
func recovered(t *testing.T, c *cluster, before testprocess.Stats, remains uint64) testprocess.Stats {
	t.Helper()
	spare := 2<<20 + remains
	if *long { // of every connection of the last minute 16 bytes are kept, for the limit of handshakes
		spare += 16 << 20
	}
	clients := statsOf(t, before).Clients
	var now testprocess.Stats
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		now = c.gateway.Collected(t)
		if now.Goroutines <= before.Goroutines && now.Files <= before.Files && now.Heap <= before.Heap+spare && statsOf(t, now).Clients <= clients {
			return now
		}
		if time.Now().After(deadline) {
			t.Fatalf("the gateway does not recover: %s", difference(before, now)+fmt.Sprintf(", %d clients of %d", statsOf(t, now).Clients, clients))
		}
	}
}

func difference(before, after testprocess.Stats) string {
	return fmt.Sprintf("goroutines %d, then %d; files %d, then %d; heap %.2f MB, then %.2f MB",
		before.Goroutines, after.Goroutines, before.Files, after.Files, mb(before.Heap), mb(after.Heap))
}

// pause is the time of a measurement, or an attacker's pace; nothing waits for
// anything by it.
func pause(d time.Duration) { time.Sleep(d) }
