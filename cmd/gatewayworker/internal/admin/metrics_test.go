package admin

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	gp "github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// TestMetrics looks at the values after something of everything has happened.
func TestMetrics(t *testing.T) {
	r := newRig(t, 2, "")
	w := r.worker(0, "w:0")
	a, id := r.newClient(0)
	b, _ := r.newClient(0)
	_, _ = a.Write([]byte("hello\n"))
	r.until("the message is counted", func() bool { return r.gateways[0].Stats().MessagesFromClients == 1 })
	w.command(t, gp.Message{Cmd: gp.CmdBindUID, ConnectionID: id.ConnectionID, ExtData: []byte("u")})
	w.command(t, gp.Message{Cmd: gp.CmdJoinGroup, ConnectionID: id.ConnectionID, ExtData: []byte("g")})
	w.command(t, gp.Message{Cmd: gp.CmdSendToAll, Flag: gp.FlagBodyIsScalar, Body: []byte("all")})
	w.command(t, gp.Message{Cmd: gp.Command(99)})
	w.command(t, gp.Message{Cmd: gp.Command(98)})
	if a.line(t) != "all" || b.line(t) != "all" {
		t.Error("the clients got something else")
	}
	_ = b.Close()
	r.until("the client is gone", func() bool { return r.gateways[0].Stats().Clients == 1 })
	r.until("all is counted", func() bool {
		s := r.gateways[0].Stats()
		return s.CommandsRefused == 2 && s.Commands[gp.CmdSendToAll] == 1 && s.ClientCloses[gateway.ClosedByClient] == 1 &&
			s.BytesFromClients == 6 && s.MessagesToClients == 2 && s.BytesToClients == 8
	})
	r.untilTold()
	r.log.Warn("a warning")

	code, text := r.do(http.MethodGet, "/metrics", "")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	for _, want := range []string{
		`gatewayworker_build_info{goversion="go1.`,
		`,version="v1.2.3"} 1`,
		`gatewayworker_ready{gateway="one"} 1`,
		`gatewayworker_ready{gateway="two"} 0`,
		`gatewayworker_clients{gateway="one",protocol="text",tls="false"} 1`,
		`gatewayworker_client_connects_total{gateway="one"} 2`,
		`gatewayworker_client_connects_total{gateway="two"} 0`,
		`gatewayworker_client_closes_total{gateway="one",reason="client"} 1`,
		`gatewayworker_client_closes_total{gateway="one",reason="silent"} 0`,
		`gatewayworker_client_messages_total{direction="in",gateway="one"} 1`,
		`gatewayworker_client_messages_total{direction="out",gateway="one"} 2`,
		`gatewayworker_client_bytes_total{direction="in",gateway="one"} 6`,
		`gatewayworker_client_bytes_total{direction="out",gateway="one"} 8`,
		`gatewayworker_dropped_messages_total{gateway="one",side="client"} 0`,
		`gatewayworker_uids{gateway="one"} 1`,
		`gatewayworker_connect_hook_requests_total{gateway="one",result="allowed"} 0`,
		`gatewayworker_connect_hook_in_flight{gateway="one"} 0`,
		`gatewayworker_connect_hook_duration_seconds_count{gateway="one"} 0`,
		`gatewayworker_groups{gateway="one"} 1`,
		`gatewayworker_inner_commands_total{cmd="CMD_SEND_TO_ALL",gateway="one"} 1`,
		`gatewayworker_inner_commands_total{cmd="unknown",gateway="one"} 2`,
		`gatewayworker_inner_commands_refused_total{gateway="one"} 2`,
		`gatewayworker_inner_turn_duration_seconds_bucket{gateway="one",le="+Inf"} `,
		`gatewayworker_workers{gateway="one"} 1`,
		`gatewayworker_worker_clients{gateway="one",worker="127.0.0.1:w:0"} 1`,
		`gatewayworker_worker_backlog_bytes{gateway="one",worker="127.0.0.1:w:0"} 0`,
		`gatewayworker_worker_dropped_messages_total{gateway="one",worker="127.0.0.1:w:0"} 0`,
		`gatewayworker_register_gateways 0`,
		`gatewayworker_register_workers 0`,
		`gatewayworker_log_lines_total{level="warning"} 1`,
		`go_goroutines `,
	} {
		if !strings.Contains(text, "\n"+want) && !strings.Contains(text, want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestMetricNames lints names and help as Prometheus does.
func TestMetricNames(t *testing.T) {
	r := newRig(t, 1, "")
	r.worker(0, "w:0")
	_, text := r.do(http.MethodGet, "/metrics", "")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, metricPrefix) {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

// TestWorkersOfManyNames: what a peer calls itself breaks no scrape, and does not
// grow it without end.
func TestWorkersOfManyNames(t *testing.T) {
	r := newRig(t, 1, "")
	for _, key := range []string{"a\xff", "a\xfe", "b\n\""} {
		w := r.dial(r.inner[0])
		w.command(t, gp.Message{Cmd: gp.CmdWorkerConnect, Flag: gp.FlagBodyIsScalar, Body: []byte(`{"worker_key":"` + strings.NewReplacer("\n", `\n`, `"`, `\"`).Replace(key) + `","secret_key":""}`)})
	}
	r.until("who can connect has", func() bool { return r.gateways[0].Stats().Commands[gp.CmdWorkerConnect] > 0 })
	if code, text := r.do(http.MethodGet, "/metrics", ""); code != http.StatusOK || !strings.Contains(text, "gatewayworker_workers") {
		t.Errorf("%d %s", code, text)
	}
}

func TestReadiness(t *testing.T) {
	r := newRig(t, 2, "")
	if code, body := r.do(http.MethodGet, "/healthz", ""); code != http.StatusOK || body != "{\"status\":\"ok\"}\n" {
		t.Errorf("%d %s", code, body)
	}
	r.worker(0, "w:0")
	want := `{"status":"not ready","missing":[{"gateway":"two","reason":"no business worker is connected"}]}` + "\n"
	if code, body := r.do(http.MethodGet, "/readyz", ""); code != http.StatusServiceUnavailable || body != want {
		t.Errorf("%d %s", code, body)
	}
	r.worker(1, "w:0")
	if code, body := r.do(http.MethodGet, "/readyz", ""); code != http.StatusOK || body != "{\"status\":\"ok\"}\n" {
		t.Errorf("%d %s", code, body)
	}
	_ = r.gateways[1].Close()
	want = `{"status":"not ready","missing":[{"gateway":"two","reason":"the gateway does not serve"}]}` + "\n"
	if code, body := r.do(http.MethodGet, "/readyz", ""); code != http.StatusServiceUnavailable || body != want {
		t.Errorf("%d %s", code, body)
	}
}

// TestMetricsTable: the manuals have every metric, with its labels, and no other;
// the English one in the words of the help.
func TestMetricsTable(t *testing.T) {
	files, err := filepath.Glob("../../../../docs/*/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	const english = "../../../../docs/admin.md"
	for _, file := range append(files, english) {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || err != nil {
			t.Fatal(err)
		}
		for _, m := range metrics {
			row := "| `" + m.name + "` | " + m.kindName() + " | " + m.labelText() + " | "
			if file == english {
				row += m.help + " |\n"
			}
			if !strings.Contains(string(text), row) {
				t.Errorf("%s does not have\n%s", file, row)
			}
		}
		for _, name := range regexp.MustCompile(`gatewayworker_[a-z_]+`).FindAllString(string(text), -1) {
			if !knownMetric(name) {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
}

func (m *metric) kindName() string {
	switch m.kind {
	case prometheus.GaugeValue:
		return "gauge"
	case prometheus.CounterValue:
		return "counter"
	}
	return "histogram"
}

func (m *metric) labelText() string {
	if len(m.labels) == 0 {
		return "–"
	}
	return "`" + strings.Join(m.labels, "`, `") + "`"
}

// knownMetric reports whether the program has a metric, or a histogram a series,
// of a name.
func knownMetric(name string) bool {
	for _, m := range metrics {
		if m.name == name {
			return true
		}
		if rest, ok := strings.CutPrefix(name, m.name); ok && m.kindName() == "histogram" && (rest == "_bucket" || rest == "_sum" || rest == "_count") {
			return true
		}
	}
	return false
}
