package admin

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// metric is a row of the table of metrics: docs/admin.md has the same.
type metric struct {
	name   string // without the prefix
	kind   prometheus.ValueType
	labels []string
	help   string
	desc   *prometheus.Desc
}

const metricPrefix = "gatewayworker_"

// metrics are all metrics of the program, in the order of the manual. No label has
// values that clients choose.
var metrics []*metric

func newMetric(kind prometheus.ValueType, name, help string, labels ...string) *metric {
	m := &metric{metricPrefix + name, kind, labels, help, prometheus.NewDesc(metricPrefix+name, help, labels, nil)}
	metrics = append(metrics, m)
	return m
}

func gauge(name, help string, labels ...string) *metric {
	return newMetric(prometheus.GaugeValue, name, help, labels...)
}

func counter(name, help string, labels ...string) *metric {
	return newMetric(prometheus.CounterValue, name, help, labels...)
}

func histogram(name, help string, labels ...string) *metric {
	return newMetric(prometheus.UntypedValue, name, help, labels...)
}

var (
	metricBuildInfo = gauge("build_info", "1; the labels say which program runs.", "version", "goversion")
	metricReady     = gauge("ready", "1 when new clients are welcome: the gateway serves, is announced at a Register, and a worker is there.", "gateway")

	metricClients    = gauge("clients", "Clients that are connected, those in a handshake included; protocol and tls are mixed where the gateway's listeners differ in it.", "gateway", "protocol", "tls")
	metricConnects   = counter("client_connects_total", "Clients that have connected.", "gateway")
	metricCloses     = counter("client_closes_total", "Clients that are gone, by why.", "gateway", "reason")
	metricLimits     = counter("limit_total", "How often a limit that flags set has refused, or closed, somebody.", "gateway", "limit")
	metricHooks      = counter("connect_hook_requests_total", "Clients that the connect hook was to decide about, by what came of it: allowed, refused, failed, or abandoned because they went before.", "gateway", "result")
	metricHooksNow   = gauge("connect_hook_in_flight", "Calls of the connect hook that have not returned yet.", "gateway")
	metricHooksWait  = gauge("connect_hook_waiting", "Clients that wait for a call of the connect hook.", "gateway")
	metricHookTimes  = histogram("connect_hook_duration_seconds", "Calls of the connect hook: how long they took.", "gateway")
	metricHookOpen   = gauge("connect_hook_circuit_open", "1 while the connect hook's endpoint is not asked, because it has failed many times in a row.", "gateway")
	metricMessages   = counter("client_messages_total", "Messages of clients (in) and to clients (out); each recipient counts, dropped messages included.", "gateway", "direction")
	metricBytes      = counter("client_bytes_total", "Bytes of clients (in) and to clients (out), as the client protocol has them on the wire, without TLS.", "gateway", "direction")
	metricDropped    = counter("dropped_messages_total", "Messages that were dropped because too much waited: for a client, or for a worker or GatewayClient.", "gateway", "side")
	metricEarlyDrops = counter("handshake_dropped_messages_total", "Messages to clients that were dropped because too much waited for websocket handshakes; dropped_messages_total has them too.", "gateway")
	metricEarlyBytes = gauge("handshake_waiting_bytes", "Bytes that wait for websocket handshakes of clients.", "gateway")
	metricUIDs       = gauge("uids", "Uids that clients are bound to.", "gateway")
	metricGroups     = gauge("groups", "Groups with members.", "gateway")

	metricCompressing   = gauge("compression_clients", "Clients that have negotiated compression (permessage-deflate).", "gateway")
	metricCompressed    = counter("compressed_messages_total", "Messages that were compressed, once each, however many clients they went to.", "gateway")
	metricCompressedTo  = counter("compressed_client_messages_total", "Messages of clients (in) and to clients (out) that came or went compressed; each recipient counts.", "gateway", "direction")
	metricCompressBytes = counter("compressed_bytes_total", "Bytes of these messages, plain and compressed, without the heads of frames.", "gateway", "direction", "form")

	metricCommands = counter("inner_commands_total", "Commands of workers and GatewayClients that were executed, by PHP's name; what a gateway does not know is unknown.", "gateway", "cmd")
	metricRefused  = counter("inner_commands_refused_total", "Commands that had no effect; the log says why.", "gateway")
	metricTurns    = histogram("inner_turn_duration_seconds", "Turns of the inner loop: how long it took over what had arrived. What arrives meanwhile waits.", "gateway")

	metricWorkers       = gauge("workers", "Business workers that are connected.", "gateway")
	metricWorkerClients = gauge("worker_clients", "Clients that are bound to a worker.", "gateway", "worker")
	metricWorkerBacklog = gauge("worker_backlog_bytes", "Bytes that wait for a worker to read.", "gateway", "worker")
	metricWorkerDrops   = counter("worker_dropped_messages_total", "Messages that were dropped because too much waited for a worker, since it connected.", "gateway", "worker")

	metricRegisterConnected = gauge("register_connected", "1 when the gateway is announced at a Register.", "gateway", "address")
	metricRegisterGateways  = gauge("register_gateways", "Gateways that are announced at this process's Register.")
	metricRegisterWorkers   = gauge("register_workers", "Workers that are connected to this process's Register; GatewayClients that are just asking are counted too.")
	metricRegisterRefused   = counter("register_refused_total", "Connections that this process's Register has ended, by why.", "reason")

	metricCertificate = gauge("tls_certificate_expiry_seconds", "When a certificate in use expires, as a Unix time.", "certificate")
	metricLogLines    = counter("log_lines_total", "Lines that were logged, by level; suppressed ones are not counted.", "level")
)

// collector reads everything when it is scraped. It keeps nothing.
type collector struct {
	observed *Observed
	version  string
	log      *logRing
}

// newMetricsHandler serves metrics of the gateways, of Go and of the process.
func newMetricsHandler(c *collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(c, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range metrics {
		out <- m.desc
	}
}

// sink sends the values of one gateway, or with an empty name of the process.
type sink struct {
	out     chan<- prometheus.Metric
	gateway string
}

func (s sink) put(m *metric, value float64, labels ...string) {
	if s.gateway != "" {
		labels = append([]string{s.gateway}, labels...)
	}
	s.out <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

func (s sink) count(m *metric, value uint64, labels ...string) { s.put(m, float64(value), labels...) }

func (s sink) putHistogram(m *metric, t *gateway.Turns) {
	buckets := make(map[float64]uint64, len(t.UpTo))
	upTo := uint64(0)
	for i, bound := range t.UpTo {
		upTo += t.Counts[i]
		buckets[bound.Seconds()] = upTo
	}
	s.out <- prometheus.MustNewConstHistogram(m.desc, t.Count, t.Sum.Seconds(), buckets, s.gateway)
}

func (c *collector) Collect(out chan<- prometheus.Metric) {
	process := sink{out: out}
	process.put(metricBuildInfo, 1, c.version, runtime.Version())
	for i := range c.observed.Gateways {
		c.collectGateway(out, &c.observed.Gateways[i])
	}
	if r := c.observed.Register; r != nil {
		s := r.Stats()
		process.put(metricRegisterGateways, float64(s.Gateways))
		process.put(metricRegisterWorkers, float64(s.Workers))
		for why, n := range s.Refused {
			process.count(metricRegisterRefused, n, register.Refusal(why).String())
		}
	}
	if c.observed.Certificates != nil {
		seen := make(map[string]bool) // listeners may share one
		for _, cert := range c.observed.Certificates() {
			if seen[cert.Name] {
				continue
			}
			seen[cert.Name] = true
			process.put(metricCertificate, float64(cert.Leaf.NotAfter.Unix()), cert.Name)
		}
	}
	for level, n := range c.log.counts() {
		process.count(metricLogLines, n, level.String())
	}
}

func (c *collector) collectGateway(out chan<- prometheus.Metric, g *Gateway) {
	s := g.Stats()
	to := sink{out, g.name()}
	to.put(metricReady, flag(g.Ready() == nil))
	to.put(metricClients, float64(s.Clients), g.protocol(), g.tls())
	to.count(metricConnects, s.ClientConnects)
	for reason, n := range s.ClientCloses {
		to.count(metricCloses, n, reason.String())
	}
	for limit, n := range s.Limited {
		to.count(metricLimits, n, limit.String())
	}
	collectConnectHook(to, &s.ConnectHook)
	if g.CircuitOpen != nil {
		to.put(metricHookOpen, flag(g.CircuitOpen()))
	}
	to.count(metricMessages, s.MessagesFromClients, "in")
	to.count(metricMessages, s.MessagesToClients, "out")
	to.count(metricBytes, s.BytesFromClients, "in")
	to.count(metricBytes, s.BytesToClients, "out")
	to.count(metricDropped, s.DroppedToClients, "client")
	to.count(metricDropped, s.DroppedToWorkers, "worker")
	to.count(metricEarlyDrops, s.DroppedBeforeHandshake)
	to.put(metricEarlyBytes, float64(s.BytesBeforeHandshake))
	z := &s.Compression
	to.put(metricCompressing, float64(z.Clients))
	to.count(metricCompressed, z.Compressed)
	to.count(metricCompressedTo, z.Received, "in")
	to.count(metricCompressedTo, z.Sent, "out")
	to.count(metricCompressBytes, z.ReceivedBytesAfter, "in", "plain")
	to.count(metricCompressBytes, z.ReceivedBytesBefore, "in", "compressed")
	to.count(metricCompressBytes, z.SentBytesBefore, "out", "plain")
	to.count(metricCompressBytes, z.SentBytesAfter, "out", "compressed")
	to.put(metricUIDs, float64(s.UIDs))
	to.put(metricGroups, float64(s.Groups))
	for name, n := range commandsByName(s) {
		to.count(metricCommands, n, name)
	}
	to.count(metricRefused, s.CommandsRefused)
	to.putHistogram(metricTurns, &s.InnerTurns)

	to.put(metricWorkers, float64(s.Workers))
	seen := make(map[string]bool) // the same value twice would be an error
	for _, w := range g.BusinessWorkers() {
		if key := strings.ToValidUTF8(w.Key, "\ufffd"); !seen[key] && len(seen) < maxWorkers {
			seen[key] = true
			to.put(metricWorkerClients, float64(w.Clients), key)
			to.put(metricWorkerBacklog, float64(w.Waiting), key)
			to.count(metricWorkerDrops, w.Dropped, key)
		}
	}
	clear(seen)
	for _, r := range g.Registers() {
		if seen[r.Address] {
			continue
		}
		seen[r.Address] = true
		to.put(metricRegisterConnected, flag(r.Connected), r.Address)
	}
}

func collectConnectHook(to sink, s *gateway.ConnectHookStats) {
	for result, n := range map[string]uint64{"allowed": s.Allowed, "refused": s.Refused, "failed": s.Failed, "abandoned": s.Abandoned} {
		to.count(metricHooks, n, result)
	}
	to.put(metricHooksNow, float64(s.InFlight))
	to.put(metricHooksWait, float64(s.Waiting))
	to.putHistogram(metricHookTimes, &s.Duration)
}

// maxWorkers is the number of workers that have metrics of their own: without a
// secret key anybody on the network can be a worker under any name.
const maxWorkers = 1000

// commandsByName counts what the protocol does not define under one name.
func commandsByName(s gateway.Stats) map[string]uint64 {
	byName := make(map[string]uint64, len(s.Commands))
	for cmd, n := range s.Commands {
		name := cmd.String()
		if name == "CMD_"+strconv.Itoa(int(cmd)) { // which the protocol does not define
			name = "unknown"
		}
		byName[name] += n
	}
	return byName
}

func flag(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
