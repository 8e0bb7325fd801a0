package endurance

import (
	"flag"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
	"github.com/go-gatewayworker/gatewayworker/internal/testprocess"
)

var (
	long      = flag.Bool("long", false, "attack for 15 s each, and assert how long others wait")
	update    = flag.Bool("update", false, "write the figures of the attacks into docs/security.md")
	attackFor = flag.Duration("attack", 0, "how long each attack goes on; 0: 1.5 s, with -long 15 s")
	day       = flag.Duration("day", 0, "how long TestDay's day takes; 0: seconds")
)

// patience bounds every wait for something that must happen, on a machine that
// does other things as well.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	testprocess.Main(map[string]testprocess.Role{"gateway": playGateway, "register": playRegister, "worker": playWorker, "attackers": playAttackers})
	flag.Parse()
	raiseFileLimit()
	os.Exit(clustertest.Main(m, nil))
}

// raiseFileLimit lets this process open what it may: an attacker needs many files.
func raiseFileLimit() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) == nil {
		limit.Cur = limit.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
	}
}
