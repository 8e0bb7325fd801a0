package main

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/go-gatewayworker/gatewayworker/businessworker"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m, nil)) }

// visitor is a client of the gateway.
type visitor struct {
	*clustertest.Client
	t *testing.T
}

func (v visitor) says(m message) { v.Send(v.t, string(m.json())) }

func (v visitor) gets(want message) {
	v.t.Helper()
	var got message
	if err := json.Unmarshal([]byte(v.Receive(v.t)), &got); err != nil {
		v.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		v.t.Fatalf("message (-want +got):\n%s", diff)
	}
}

// TestRoom runs the worker in a cluster, Go's and, where PHP is, PHP's.
func TestRoom(t *testing.T) {
	clustertest.Each(t, clustertest.Options{}, func(t *testing.T, c *clustertest.Cluster) {
		worker, err := businessworker.New(room{}, businessworker.Options{
			RegisterAddresses: c.RegisterAddresses(),
			SecretKey:         c.SecretKey,
			Logger:            clustertest.Quiet(),
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- worker.Run(ctx) }()
		defer func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}()

		// A gateway without a worker ends connections: visitors try until the
		// worker is connected and welcomes them.
		visit := func() visitor {
			for t.Context().Err() == nil {
				client, err := c.Gateways[0].TryDial("/")
				if err != nil {
					continue
				}
				if text, err := client.TryReceive(); err == nil {
					t.Cleanup(client.Close)
					var got message
					if err := json.Unmarshal([]byte(text), &got); err != nil || got.Type != "welcome" || got.ClientID == "" {
						t.Fatalf("first message %q, want a welcome with a client id", text)
					}
					return visitor{client, t}
				}
				client.Close()
			}
			t.Fatal("no visitor was welcomed")
			return visitor{}
		}
		ann, bob := visit(), visit()
		ann.says(message{Type: "say", Text: "hello?"})
		ann.gets(message{Type: "error", Text: "join a room first"})
		ann.says(message{Type: "join", Room: "kitchen", Name: "Ann"})
		ann.gets(message{Type: "joined", Name: "Ann"})
		bob.says(message{Type: "join", Room: "kitchen", Name: "Bob"})
		for _, v := range []visitor{ann, bob} {
			v.gets(message{Type: "joined", Name: "Bob"})
		}
		ann.says(message{Type: "say", Text: "hello"})
		for _, v := range []visitor{ann, bob} {
			v.gets(message{Type: "said", Name: "Ann", Text: "hello"})
		}
		bob.says(message{Type: "bye"})
		bob.gets(message{Type: "bye"})
		ann.gets(message{Type: "left", Name: "Bob"})
	})
}
