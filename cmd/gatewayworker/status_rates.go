package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// What status --watch has of the admin of the gateways' processes: GatewayClient's
// protocol has no question about messages.

// rates are what a gateway did each second, between two looks.
type rates struct {
	MessagesIn  float64 `json:"messages_in"`
	MessagesOut float64 `json:"messages_out"`
	BytesIn     float64 `json:"bytes_in"`
	BytesOut    float64 `json:"bytes_out"`
	Dropped     float64 `json:"dropped"` // messages
}

// traffic is what an admin says of a gateway.
type traffic struct {
	at       time.Time
	Name     string `json:"name"`
	Inner    string `json:"inner"`
	Ready    bool   `json:"ready"`
	Missing  string `json:"missing"`
	Messages struct {
		In, Out uint64
	} `json:"messages"`
	Bytes struct {
		In, Out uint64
	} `json:"bytes"`
	Dropped struct {
		Client, Worker uint64
	} `json:"dropped"`
	Workers []struct{} `json:"workers"`
}

// since returns the rates from an earlier look on, nil where the counters have begun
// anew meanwhile.
func (t *traffic) since(was *traffic) *rates {
	seconds := t.at.Sub(was.at).Seconds()
	if seconds <= 0 {
		return nil
	}
	anew := false
	rate := func(from, to uint64) float64 {
		anew = anew || to < from
		return float64(to-from) / seconds
	}
	r := &rates{
		MessagesIn:  rate(was.Messages.In, t.Messages.In),
		MessagesOut: rate(was.Messages.Out, t.Messages.Out),
		BytesIn:     rate(was.Bytes.In, t.Bytes.In),
		BytesOut:    rate(was.Bytes.Out, t.Bytes.Out),
		Dropped:     rate(was.Dropped.Client+was.Dropped.Worker, t.Dropped.Client+t.Dropped.Worker),
	}
	if anew {
		return nil
	}
	return r
}

// add adds the rates of another gateway.
func (r *rates) add(o *rates) {
	r.MessagesIn += o.MessagesIn
	r.MessagesOut += o.MessagesOut
	r.BytesIn += o.BytesIn
	r.BytesOut += o.BytesOut
	r.Dropped += o.Dropped
}

// statusWatcher looks at a cluster again and again.
type statusWatcher struct {
	cluster *cluster
	quick   bool
	admins  []string            // of the gateways' processes
	quiet   bool                // an admin that does not answer is none
	last    map[string]*traffic // by inner address
}

// look is cluster.look, and what the admins say.
func (w *statusWatcher) look(ctx context.Context) *clusterStatus {
	answers := make([]adminAnswer, len(w.admins))
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		inParallel(answers, func(i int, a *adminAnswer) { *a = w.ask(ctx, w.admins[i]) })
	}()
	s := w.cluster.look(ctx, w.quick)
	<-asked
	now := map[string]*traffic{}
	for i, a := range answers {
		if a.err != nil && !w.quiet {
			s.Admins = append(s.Admins, fmt.Sprintf("%s: %s", w.admins[i], oneLine(a.err)))
		}
		for _, t := range a.Gateways {
			now[t.Inner] = t
		}
	}
	for i := range s.Gateways {
		g := &s.Gateways[i]
		t := now[g.Address]
		if t == nil {
			continue
		}
		g.Workers = new(len(t.Workers))
		if t.Name != t.Inner {
			g.Name = t.Name
		}
		if !t.Ready {
			g.NotReady = t.Missing
		}
		if was := w.last[g.Address]; was != nil {
			g.Rates = t.since(was)
		}
		if g.Rates != nil {
			if s.Rates == nil {
				s.Rates = new(rates)
			}
			s.Rates.add(g.Rates)
		}
	}
	w.last = now
	return s
}

// adminAnswer is what an admin says of its process.
type adminAnswer struct {
	Gateways []*traffic `json:"gateways"`
	err      error
}

const maxOverview = 16 << 20

func (w *statusWatcher) ask(ctx context.Context, address string) (a adminAnswer) {
	ctx, cancel := context.WithTimeout(ctx, w.cluster.timeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: nil}}
	// Without samples of the past: none is newer than that.
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/overview?since=9000000000000", nil)
	if err != nil {
		a.err = err
		return a
	}
	response, err := client.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok {
			err = failed.Err // the line has the address
		}
		a.err = err
		return a
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		a.err = fmt.Errorf("it answers %s", response.Status)
		return a
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxOverview)).Decode(&a); err != nil {
		a = adminAnswer{err: fmt.Errorf("this is no admin of a gateway: %w", err)}
		return a
	}
	a.Gateways = slices.DeleteFunc(a.Gateways, func(t *traffic) bool { return t == nil })
	for _, t := range a.Gateways {
		t.at = time.Now()
	}
	return a
}

// checkAdminAddress refuses an address that could never be asked.
func checkAdminAddress(address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return &flagError{"admin-address", address, "want host:port, as in " + defaultAdminListen + ", or off"}
	}
	return nil
}
