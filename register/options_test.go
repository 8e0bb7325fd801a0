package register

import (
	"errors"
	"testing"
	"time"
)

// TestOptions: a value that cannot be used is refused by each constructor.
func TestOptions(t *testing.T) {
	server := func(o Options) error { _, err := NewServer(o); return err }
	for want, err := range map[string]error{
		"AuthTimeout":            server(Options{AuthTimeout: -1}),
		"MaxPackageSize":         server(Options{MaxPackageSize: -1}),
		"SendToWorkerBufferSize": server(Options{SendToWorkerBufferSize: -1}),
	} {
		checkOption(t, want, err)
	}
	for want, opts := range map[string]ClientOptions{
		"RegisterAddresses": {RegisterAddresses: []string{"127.0.0.1"}},
		"ConnectTimeout":    {ConnectTimeout: -time.Second},
		"QueryTimeout":      {QueryTimeout: -1},
		"ReconnectDelay":    {ReconnectDelay: -1},
		"PingInterval":      {PingInterval: -1},
	} {
		_, err := NewAnnouncer("a:1", opts)
		checkOption(t, want, err)
		_, err = NewWatcher(nil, opts)
		checkOption(t, want, err)
		_, err = Lookup(t.Context(), opts)
		checkOption(t, want, err)
	}
}

func checkOption(t *testing.T, want string, err error) {
	t.Helper()
	var oe *OptionError
	if !errors.As(err, &oe) || oe.Package != "register" || oe.Option != want {
		t.Errorf("error %v, want one about %s", err, want)
	}
}
