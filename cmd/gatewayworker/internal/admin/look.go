package admin

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-gatewayworker/gatewayworker/gateway"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// Bounds of what is answered at once.
const (
	pageSize      = 50   // rows, unless the request says otherwise
	maxPageSize   = 1000 // rows
	groupsOfRow   = 10   // groups of a client in a list
	groupsOfOne   = 1000 // groups of a client that is looked at
	maxSessionOut = 1 << 20
)

// looker answers who the clients are.
type looker struct {
	observed *Observed
	ring     *logRing
}

// clientRow is a client in a list.
type clientRow struct {
	ID           string   `json:"client_id"`
	Gateway      string   `json:"gateway"`
	Remote       string   `json:"remote"`
	UID          string   `json:"uid"`
	Groups       []string `json:"groups"`
	GroupCount   int      `json:"group_count"`
	Worker       string   `json:"worker"`
	Ready        bool     `json:"ready"`
	Waiting      int      `json:"waiting_bytes"`
	SessionBytes int      `json:"session_bytes"`
}

// clientDetail is a client alone.
type clientDetail struct {
	clientRow
	sessionJSON
}

// listing is a part of a list.
type listing[T any] struct {
	Total  int `json:"total"` // of all rows that match
	Offset int `json:"offset"`
	Items  []T `json:"items"`
}

// window is which rows a request wants.
type window struct{ offset, limit int }

// windowOf reads offset and limit. It answers a request that it cannot read, and
// reports false.
func windowOf(w http.ResponseWriter, r *http.Request) (window, bool) {
	win := window{0, pageSize}
	for name, to := range map[string]*int{"offset": &win.offset, "limit": &win.limit} {
		text := r.FormValue(name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			refuse(w, http.StatusBadRequest, fmt.Sprintf("%s %q: want a number, 0 or more", name, text))
			return win, false
		}
		*to = min(n, 1<<30)
	}
	win.limit = min(win.limit, maxPageSize)
	return win, true
}

// cut returns the rows of the window.
func cut[T any](rows []T, win window) listing[T] {
	p := listing[T]{Total: len(rows), Offset: win.offset, Items: []T{}}
	if win.offset < len(rows) {
		p.Items = rows[win.offset:min(len(rows), win.offset+win.limit)]
	}
	return p
}

// filter is which clients a request asks for. Empty fields match all.
type filter struct {
	uid, group, worker string
	text               string // in lower case: of id, address, uid or a group
	slow               bool   // something waits for the client
}

func filterOf(r *http.Request) filter {
	return filter{
		uid: r.FormValue("uid"), group: r.FormValue("group"), worker: r.FormValue("worker"),
		text: strings.ToLower(strings.TrimSpace(r.FormValue("q"))), slow: r.FormValue("slow") != "",
	}
}

func (f *filter) matches(c *gateway.ClientInfo) bool {
	switch {
	case f.uid != "" && f.uid != c.UID,
		f.group != "" && !slices.Contains(c.Groups, f.group),
		f.worker != "" && f.worker != c.Worker,
		f.slow && c.Waiting == 0:
		return false
	case f.text == "":
		return true
	}
	has := func(text string) bool { return strings.Contains(strings.ToLower(text), f.text) }
	return has(c.UID) || has(c.Remote.String()) || has(c.ID.String()) || slices.ContainsFunc(c.Groups, has)
}

// clients lists clients in order of connecting, slow ones by what waits for them.
func (l *looker) clients(w http.ResponseWriter, r *http.Request) {
	win, ok := windowOf(w, r)
	if !ok {
		return
	}
	f := filterOf(r)
	p := listing[clientRow]{Offset: win.offset, Items: []clientRow{}}
	for _, g := range l.observed.byName(r.FormValue("gateway")) {
		g.EachClient(func(c *gateway.ClientInfo) bool {
			if !f.matches(c) {
				return r.Context().Err() == nil
			}
			if p.Total++; f.slow || p.Total > win.offset && len(p.Items) < win.limit {
				p.Items = append(p.Items, rowOf(g, c, groupsOfRow))
			}
			if f.slow && len(p.Items) > 2*(win.offset+win.limit) {
				p.Items = slowest(p.Items, win.offset+win.limit)
			}
			return r.Context().Err() == nil
		})
	}
	if f.slow {
		p.Items = cut(slowest(p.Items, win.offset+win.limit), win).Items
	}
	answer(w, p)
}

// slowest returns the n rows for which most waits.
func slowest(rows []clientRow, n int) []clientRow {
	slices.SortStableFunc(rows, func(a, b clientRow) int { return cmp.Compare(b.Waiting, a.Waiting) })
	return rows[:min(n, len(rows))]
}

func rowOf(g *Gateway, c *gateway.ClientInfo, groups int) clientRow {
	row := clientRow{
		ID: c.ID.String(), Gateway: g.name(), Remote: c.Remote.String(), UID: c.UID,
		GroupCount: len(c.Groups), Groups: []string{}, Worker: c.Worker, Ready: c.Ready, Waiting: c.Waiting, SessionBytes: len(c.Session),
	}
	row.Groups = append(row.Groups, c.Groups[:min(groups, len(c.Groups))]...)
	return row
}

// client shows one client.
func (l *looker) client(w http.ResponseWriter, r *http.Request) {
	g, id, ok := findClient(w, l.observed, r.PathValue("id"))
	if !ok {
		return
	}
	c, ok := g.Client(id.ConnectionID)
	if !ok {
		refuse(w, http.StatusNotFound, notConnected)
		return
	}
	answer(w, clientDetail{rowOf(g, &c, groupsOfOne), sessionOf(c.Session)})
}

const notConnected = "no such client is connected"

// findClient finds the gateway of a client id. It answers the request, and reports
// false, if there is none.
func findClient(w http.ResponseWriter, o *Observed, text string) (*Gateway, gatewayprotocol.ClientID, bool) {
	id, err := gatewayprotocol.ParseClientID(text)
	if err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return nil, id, false
	}
	g := o.byAddress(id)
	if g == nil {
		refuse(w, http.StatusNotFound, "the client is of a gateway that is not in this process")
		return nil, id, false
	}
	return g, id, true
}

// count is a group or a uid with its clients, over all gateways that were asked.
type count struct {
	Name    string `json:"name"`
	Clients int    `json:"clients"`
}

// counts is what groups and uids answer with: the largest first.
func serveCounts(w http.ResponseWriter, r *http.Request, counted map[string]int) {
	win, ok := windowOf(w, r)
	if !ok {
		return
	}
	text := strings.ToLower(strings.TrimSpace(r.FormValue("q")))
	rows := make([]count, 0, len(counted))
	for name, n := range counted {
		if text == "" || strings.Contains(strings.ToLower(name), text) {
			rows = append(rows, count{name, n})
		}
	}
	slices.SortFunc(rows, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.Clients, a.Clients), strings.Compare(a.Name, b.Name))
	})
	answer(w, cut(rows, win))
}

// groups lists groups, the largest first.
func (l *looker) groups(w http.ResponseWriter, r *http.Request) {
	counted := make(map[string]int)
	for _, g := range l.observed.byName(r.FormValue("gateway")) {
		g.EachGroup(func(group gateway.GroupInfo) bool {
			counted[group.Name] += group.Clients
			return r.Context().Err() == nil
		})
	}
	serveCounts(w, r, counted)
}

// uids lists uids, those with most clients first.
func (l *looker) uids(w http.ResponseWriter, r *http.Request) {
	counted := make(map[string]int)
	for _, g := range l.observed.byName(r.FormValue("gateway")) {
		g.EachClient(func(c *gateway.ClientInfo) bool {
			if c.UID != "" {
				counted[c.UID]++
			}
			return r.Context().Err() == nil
		})
	}
	serveCounts(w, r, counted)
}

// workers lists business workers.
func (l *looker) workers(w http.ResponseWriter, r *http.Request) {
	type row struct {
		Gateway string `json:"gateway"`
		workerOverview
	}
	win, ok := windowOf(w, r)
	if !ok {
		return
	}
	var rows []row
	for _, g := range l.observed.byName(r.FormValue("gateway")) {
		for _, worker := range workersOf(g) {
			rows = append(rows, row{g.name(), worker})
		}
	}
	answer(w, cut(rows, win))
}

// log lists the last warnings and errors, the newest first.
func (l *looker) log(w http.ResponseWriter, r *http.Request) {
	if win, ok := windowOf(w, r); ok {
		answer(w, cut(l.ring.last(), win))
	}
}
