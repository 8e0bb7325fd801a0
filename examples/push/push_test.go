package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
	"github.com/go-gatewayworker/gatewayworker/internal/clustertest"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m, nil)) }

// TestPush pushes to a user at two gateways, and again when one of them is gone.
func TestPush(t *testing.T) {
	clustertest.Each(t, clustertest.Options{Gateways: 2}, func(t *testing.T, c *clustertest.Cluster) {
		client, err := gatewayclient.New(gatewayclient.Options{
			RegisterAddresses: c.RegisterAddresses(),
			SecretKey:         c.SecretKey,
			Logger:            clustertest.Quiet(),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		api := newPush(client)
		request := func(method, path, body string, wantStatus int, want answer) {
			t.Helper()
			w := httptest.NewRecorder()
			api.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body)))
			var got answer
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != wantStatus {
				t.Fatalf("%s %s: %d %s %v, want %d", method, path, w.Code, w.Body, err, wantStatus)
			}
			if (want.Error != "") != (got.Error != "") {
				t.Errorf("%s %s: error %q", method, path, got.Error)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(answer{}, "Error")); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", method, path, diff)
			}
		}

		var devices []*clustertest.Client
		for _, g := range c.Gateways {
			device := g.Connect(t, g.ConnectWorker(t, "w:0"))
			if err := client.BindUID(t.Context(), device.ID, "42"); err != nil {
				t.Fatal(err)
			}
			devices = append(devices, device)
		}
		request("GET", "/users/42", "", http.StatusOK, answer{Connections: 2})
		request("GET", "/users/7", "", http.StatusNotFound, answer{Error: "not online"})
		request("POST", "/users/7/messages", "x", http.StatusNotFound, answer{Error: "not online"})
		request("POST", "/users/42/messages", "paid", http.StatusOK, answer{Connections: 2})
		for _, device := range devices {
			if got := device.Receive(t); got != "paid" {
				t.Errorf("a device of the user got %q, want %q", got, "paid")
			}
		}

		// The Register is gone first, so that the client keeps the list.
		c.Registers[0].Kill()
		c.Gateways[1].Kill()
		missing := []string{c.Gateways[1].Address().String()}
		request("POST", "/users/42/messages", "sent", http.StatusOK, answer{Connections: 1, Missing: missing})
		if got := devices[0].Receive(t); got != "sent" {
			t.Errorf("the device that is left got %q, want %q", got, "sent")
		}
		request("GET", "/users/7", "", http.StatusBadGateway, answer{Missing: missing, Error: "a gateway is missing"})
	})
}

func TestPushTooLong(t *testing.T) {
	w := httptest.NewRecorder()
	body := strings.NewReader(strings.Repeat("x", maxMessage+1))
	newPush(nil).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "POST", "/users/42/messages", body))
	if w.Code != http.StatusBadRequest {
		t.Errorf("status %d, want %d", w.Code, http.StatusBadRequest)
	}
}
