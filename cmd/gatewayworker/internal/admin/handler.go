package admin

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"

	"github.com/sirupsen/logrus"
)

// newHandler is everything that the admin serves.
func newHandler(opts *Options, ring *logRing, samples *sampler, log logrus.FieldLogger) http.Handler {
	observed := &opts.Observed
	g := newGuard(opts.Token, opts.Listener.Addr(), log)
	mux := http.NewServeMux()

	// Open to all who reach the port.
	mux.Handle("GET /", newPage())
	mux.Handle("GET /metrics", newMetricsHandler(&collector{observed, opts.Version, ring}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, health{Status: "ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { serveReady(w, observed) })

	mux.HandleFunc("GET /api/overview", func(w http.ResponseWriter, r *http.Request) { serveOverview(w, r, opts, samples) })

	// With the token.
	looks := &looker{observed, ring}
	mux.Handle("GET /api/clients", g.withToken(looks.clients))
	mux.Handle("GET /api/clients/{id}", g.withToken(looks.client))
	mux.Handle("GET /api/groups", g.withToken(looks.groups))
	mux.Handle("GET /api/uids", g.withToken(looks.uids))
	mux.Handle("GET /api/workers", g.withToken(looks.workers))
	mux.Handle("GET /api/log", g.withToken(looks.log))
	acts := &actor{observed, log}
	mux.Handle("POST /api/send", g.withTokenToChange(acts.send))
	mux.Handle("POST /api/kick", g.withTokenToChange(acts.kick))
	if opts.Drain != nil {
		mux.Handle("POST /api/drain", g.withTokenToChange(acts.drain(opts)))
	}
	if opts.Reload != nil {
		mux.Handle("POST /api/reload", g.withTokenToChange(func(w http.ResponseWriter, _ *http.Request) { serveReload(w, opts.Reload) }))
	}
	mux.Handle("GET /debug/pprof/", g.withToken(pprof.Index))
	mux.Handle("GET /debug/pprof/cmdline", g.withToken(pprof.Cmdline))
	mux.Handle("GET /debug/pprof/profile", g.withToken(pprof.Profile))
	mux.Handle("GET /debug/pprof/symbol", g.withToken(pprof.Symbol))
	mux.Handle("GET /debug/pprof/trace", g.withToken(pprof.Trace))
	return protected(g.forHosts(mux))
}

// health is the answer of /healthz and /readyz.
type health struct {
	Status  string    `json:"status"`
	Missing []problem `json:"missing,omitempty"`
}

// serveReady says whether new clients are welcome.
func serveReady(w http.ResponseWriter, observed *Observed) {
	if problems := observed.ready(); len(problems) > 0 {
		answerStatus(w, http.StatusServiceUnavailable, health{"not ready", problems})
		return
	}
	answer(w, health{Status: "ok"})
}

// serveReload reads the configuration again, and answers with what came of it.
func serveReload(w http.ResponseWriter, reload func() (any, error)) {
	report, err := reload()
	if err != nil {
		refuse(w, http.StatusUnprocessableEntity, "nothing is changed: "+err.Error())
		return
	}
	answer(w, report)
}

// protected lets the page load its own files and talk to its own server, and
// nothing else; and nobody show the page within another one.
func protected(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("X-Frame-Options", "DENY")
		head.Set("Referrer-Policy", "no-referrer")
		head.Set("Cross-Origin-Resource-Policy", "same-origin")
		head.Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

// failure is the answer to a request that is refused or fails.
type failure struct {
	Error string `json:"error"`
}

func refuse(w http.ResponseWriter, status int, reason string) {
	answerStatus(w, status, failure{reason})
}

func answer(w http.ResponseWriter, v any) { answerStatus(w, http.StatusOK, v) }

func answerStatus(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // who asked is gone
}
