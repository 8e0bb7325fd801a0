package compattests

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "record transcripts from PHP, and what ours does where it differs on purpose")

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == f.DefValue {
		_ = flag.Set("test.parallel", "8") // scenarios wait more than they compute
	}
	forget, err := usePackage()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	forgetUpgraded, err := useUpgrades()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	forget()
	forgetUpgraded()
	quietRegister.close()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Println(err)
		code = 1
	}
	for _, c := range []*counter{&tally, &tally3x} {
		if line := c.line(); line != "" {
			fmt.Println(line)
		}
	}
	os.Exit(code)
}
