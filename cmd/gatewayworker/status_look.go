package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gatewayclient"
)

// clusterStatus is what "status --json" prints.
type clusterStatus struct {
	Time      time.Time        `json:"time"`
	Registers []registerStatus `json:"registers"`
	Gateways  []gatewayStatus  `json:"gateways"`
	// Of the gateways that answer; null if none does. A uid or group that several
	// have counts once.
	Clients *int `json:"clients"`
	UIDs    *int `json:"uids"` // null with --quick, too
	Groups  *int `json:"groups"`
	// Of those whose admin answers; only with --watch, from the second look on.
	Rates  *rates   `json:"per_second,omitempty"`
	Admins []string `json:"admin_errors,omitempty"`
}

type registerStatus struct {
	Address      string   `json:"address"`
	Reachable    bool     `json:"reachable"`
	Milliseconds float64  `json:"ms"`
	Gateways     []string `json:"gateways"`
	Error        string   `json:"error,omitempty"`
}

type gatewayStatus struct {
	Address      string   `json:"address"`
	Reachable    bool     `json:"reachable"`
	Milliseconds float64  `json:"ms"`
	Clients      *int     `json:"clients"` // null if it does not answer
	UIDs         *int     `json:"uids"`
	Groups       *int     `json:"groups"`
	Registers    []string `json:"registers"` // that have it on their list
	Error        string   `json:"error,omitempty"`

	// What its admin says; only with --watch.
	Name     string `json:"name,omitempty"`
	Workers  *int   `json:"workers,omitempty"`
	NotReady string `json:"not_ready,omitempty"`
	Rates    *rates `json:"per_second,omitempty"`

	uids, groups []string
}

// look asks all Registers and gateways at the same time.
func (cl *cluster) look(ctx context.Context, quick bool) *clusterStatus {
	s := &clusterStatus{Time: time.Now().UTC().Truncate(time.Millisecond), Registers: []registerStatus{}, Gateways: []gatewayStatus{}}
	addrs := slices.Clone(cl.fixed)
	if len(addrs) == 0 {
		s.Registers = make([]registerStatus, len(cl.registers))
		inParallel(s.Registers, func(i int, r *registerStatus) { *r = cl.lookAtRegister(ctx, cl.registers[i]) })
		for _, r := range s.Registers {
			addrs = append(addrs, r.Gateways...)
		}
	}
	for _, addr := range addrs {
		if !slices.ContainsFunc(s.Gateways, func(g gatewayStatus) bool { return g.Address == addr }) {
			g := gatewayStatus{Address: addr, Registers: []string{}}
			for _, r := range s.Registers {
				if slices.Contains(r.Gateways, addr) {
					g.Registers = append(g.Registers, r.Address)
				}
			}
			s.Gateways = append(s.Gateways, g)
		}
	}
	inParallel(s.Gateways, func(_ int, g *gatewayStatus) { cl.lookAtGateway(ctx, g, quick) })
	s.sum(quick)
	return s
}

// sum adds up what the gateways answered.
func (s *clusterStatus) sum(quick bool) {
	clients, uids, groups := 0, map[string]bool{}, map[string]bool{}
	// That there are no gateways is known from a Register that answers.
	known := len(s.Gateways) == 0 && slices.ContainsFunc(s.Registers, func(r registerStatus) bool { return r.Reachable })
	for _, g := range s.Gateways {
		if !g.Reachable {
			continue
		}
		known = true
		clients += *g.Clients
		for _, uid := range g.uids {
			uids[uid] = true
		}
		for _, group := range g.groups {
			groups[group] = true
		}
	}
	if !known {
		return
	}
	s.Clients, s.Groups = &clients, new(len(groups))
	if !quick {
		s.UIDs = new(len(uids))
	}
}

func inParallel[T any](list []T, do func(int, *T)) {
	var wg sync.WaitGroup
	for i := range list {
		wg.Go(func() { do(i, &list[i]) })
	}
	wg.Wait()
}

func (cl *cluster) lookAtRegister(ctx context.Context, addr string) registerStatus {
	start := time.Now()
	list, err := cl.lookup(ctx, addr)
	r := registerStatus{Address: addr, Gateways: orEmpty(list)}
	if err != nil {
		r.Error = oneLine(err)
		return r
	}
	r.Reachable, r.Milliseconds = true, milliseconds(time.Since(start))
	return r
}

func (cl *cluster) lookAtGateway(ctx context.Context, g *gatewayStatus, quick bool) {
	err := func() error {
		c, err := gatewayclient.New(cl.options([]string{g.Address}))
		if err != nil {
			return err
		}
		defer c.Close()
		// The first answer takes a connection; the second is what a question costs.
		if _, err := c.Ping(ctx); err != nil {
			return err
		}
		times, err := c.Ping(ctx)
		if err != nil {
			return err
		}
		g.Milliseconds = milliseconds(times[0].RTT)
		clients, err := c.ClientCount(ctx)
		if err != nil {
			return err
		}
		if g.groups, err = c.AllGroups(ctx); err != nil {
			return err
		}
		if !quick {
			if g.uids, err = c.AllUIDs(ctx); err != nil {
				return err
			}
			g.UIDs = new(len(g.uids))
		}
		g.Clients, g.Groups = &clients, new(len(g.groups))
		return nil
	}()
	g.Reachable = err == nil
	if err != nil {
		if ge := (*gatewayclient.GatewayError)(nil); errors.As(err, &ge) {
			err = ge.Err // the table has the address
		}
		g.Error = oneLine(err)
	}
}

// print prints the status.
func (s *clusterStatus) print(p printer) error {
	if p.json {
		return p.printJSON(s)
	}
	var text strings.Builder
	if err := s.writeTables(&text); err != nil {
		return err
	}
	_, err := p.w.Write([]byte(text.String()))
	return err
}

// writeTables writes what print prints for people.
func (s *clusterStatus) writeTables(text *strings.Builder) error {
	if len(s.Registers) > 0 {
		t := table{head: []string{"REGISTER", "STATE", "TIME", "GATEWAYS"}}
		for _, r := range s.Registers {
			t.rows = append(t.rows, []string{r.Address, state(r.Reachable, r.Error), timeText(r.Reachable, r.Milliseconds), gatewaysText(r)})
		}
		if err := t.write(text); err != nil {
			return err
		}
		text.WriteByte('\n')
	}
	// Columns of what only an admin says are there where one answers.
	known := slices.ContainsFunc(s.Gateways, func(g gatewayStatus) bool { return g.Workers != nil })
	t := table{head: []string{"GATEWAY", "CLIENTS", "UIDS", "GROUPS", "TIME", "STATE"}}
	if known {
		t.head = []string{"GATEWAY", "CLIENTS", "UIDS", "GROUPS", "WORKERS", "IN/S", "OUT/S", "IN B/S", "OUT B/S", "DROPPED/S", "TIME", "STATE"}
	}
	row := func(name string, clients, uids, groups, workers *int, r *rates, rest ...string) {
		cells := []string{name, countText(clients), countText(uids), countText(groups)}
		if known {
			cells = append(append(cells, countText(workers)), r.cells()...)
		}
		t.rows = append(t.rows, append(cells, rest...))
	}
	for _, g := range s.Gateways {
		problem := g.Error
		if without := s.withoutGateway(g); problem == "" && without != "" {
			problem = "not on the list of " + without
		}
		if problem == "" {
			problem = g.NotReady
		}
		name := g.Address
		if g.Name != "" {
			name = plain(g.Name) + " " + g.Address
		}
		row(name, g.Clients, g.UIDs, g.Groups, g.Workers, g.Rates, timeText(g.Reachable, g.Milliseconds), state(g.Reachable && problem == "", problem))
	}
	if len(s.Gateways) != 1 {
		row("all", s.Clients, s.UIDs, s.Groups, nil, s.Rates)
	}
	if err := t.write(text); err != nil {
		return err
	}
	for _, problem := range s.Admins {
		fmt.Fprintf(text, "no rates from the admin at %s\n", problem)
	}
	return nil
}

// cells are those of a row.
func (r *rates) cells() []string {
	if r == nil {
		return []string{"-", "-", "-", "-", "-"}
	}
	return []string{shortNumber(r.MessagesIn), shortNumber(r.MessagesOut), shortNumber(r.BytesIn), shortNumber(r.BytesOut), shortNumber(r.Dropped)}
}

// shortNumber has three digits at most, and a letter for thousands and more.
func shortNumber(n float64) string {
	switch {
	case n < 9.95 && n != math.Trunc(n):
		return strconv.FormatFloat(n, 'f', 1, 64)
	case n < 999.5:
		return strconv.FormatFloat(n, 'f', 0, 64)
	}
	for _, unit := range []string{"k", "M", "G", "T"} {
		n /= 1000
		switch {
		case n < 9.95:
			return strconv.FormatFloat(n, 'f', 1, 64) + unit
		case n < 999.5:
			return strconv.FormatFloat(n, 'f', 0, 64) + unit
		}
	}
	return strconv.FormatFloat(n, 'g', 3, 64) + "T"
}

// withoutGateway names the Registers that answer and do not have the gateway.
func (s *clusterStatus) withoutGateway(g gatewayStatus) string {
	var names []string
	for _, r := range s.Registers {
		if r.Reachable && !slices.Contains(g.Registers, r.Address) {
			names = append(names, r.Address)
		}
	}
	return strings.Join(names, ", ")
}

func state(good bool, problem string) string {
	if good {
		return "ok"
	}
	return problem
}

func timeText(known bool, ms float64) string {
	if !known {
		return "-"
	}
	return shortDuration(time.Duration(ms * float64(time.Millisecond)))
}

func gatewaysText(r registerStatus) string {
	if !r.Reachable {
		return "-"
	}
	return strconv.Itoa(len(r.Gateways))
}

func countText(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}

// oneLine is the text of an error for a cell of a table.
func oneLine(err error) string {
	return strings.ReplaceAll(oneLinePerGateway(err), "\n", "; ")
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// shortDuration has about three digits.
func shortDuration(d time.Duration) string {
	for unit := time.Second; unit >= time.Microsecond; unit /= 10 {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.Round(time.Microsecond).String()
}
