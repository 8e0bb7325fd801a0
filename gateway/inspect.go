package gateway

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/go-gatewayworker/gatewayworker/gateway/internal/hub"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/register"
)

// What operators look at. None of it keeps clients or commands waiting for more
// than some microseconds: long lists are read in pieces.

// ClientInfo is what a gateway knows of a client.
type ClientInfo struct {
	ID      gatewayprotocol.ClientID
	Remote  netip.AddrPort
	UID     string   // "" for none
	Groups  []string // in order of joining
	Session []byte   // in PHP's serialize format, as a worker has set it; empty for none
	Worker  string   // key of the worker that it is bound to
	Ready   bool     // its handshakes are done
	Waiting int      // bytes that wait to be sent to it
}

// BusinessWorkerInfo is what a gateway knows of a business worker.
type BusinessWorkerInfo struct {
	BusinessWorker
	Since   time.Time // of its connection
	Clients int       // that are bound to it
	Waiting int       // bytes that wait to be sent to it, at most a little more than SendToWorkerBufferSize
	Dropped uint64    // messages that were dropped because too much waited
}

// GroupInfo is what a gateway knows of a group.
type GroupInfo struct {
	Name    string
	Clients int
}

// inspected is the number of clients or groups that are read at once.
const inspected = 256

// EachClient calls f with every client, in order of connecting, until it returns
// false. Who comes meanwhile may be missing. The info, and what it refers to, is
// valid during the call and must not be modified.
func (g *Gateway) EachClient(f func(*ClientInfo) bool) {
	g.hub.Mu.Lock()
	all := g.hub.ClientsLocked().AppendTo(nil)
	g.hub.Mu.Unlock()
	var infos [inspected]ClientInfo
	for piece := range slices.Chunk(all, inspected) {
		n := 0
		g.hub.Mu.Lock()
		for _, c := range piece {
			if g.hub.ClientLocked(c.ID()) == c {
				g.inspectLocked(c, &infos[n])
				n++
			}
		}
		g.hub.Mu.Unlock()
		for i := range infos[:n] {
			if !f(&infos[i]) {
				return
			}
		}
	}
}

// Client returns what is known of the client with a connection id.
func (g *Gateway) Client(connectionID uint32) (info ClientInfo, ok bool) {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	c := g.hub.ClientLocked(connectionID)
	if c == nil {
		return info, false
	}
	g.inspectLocked(c, &info)
	return info, true
}

// inspectLocked fills info, whose groups are overwritten. The caller holds hub.Mu.
func (g *Gateway) inspectLocked(part *hub.Client, info *ClientInfo) {
	c := clientOf(part)
	*info = ClientInfo{
		ID:      c.clientID(),
		Remote:  c.remoteAddr(),
		UID:     part.UIDLocked(),
		Groups:  slices.AppendSeq(info.Groups[:0], part.GroupsLocked()),
		Session: part.Session(),
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.slot != nil {
		info.Worker = c.slot.key
	}
	info.Ready = c.state.any(clientReady) && !c.transport.handshaking()
	info.Waiting = c.waitsLocked() + len(c.early)
}

// EachGroup calls f with every group, in the order in which they came into being,
// until it returns false. Groups that come or go meanwhile may be missing.
func (g *Gateway) EachGroup(f func(GroupInfo) bool) {
	g.hub.Mu.Lock()
	all := g.hub.AppendGroupsLocked(nil)
	g.hub.Mu.Unlock()
	var infos [inspected]GroupInfo
	for piece := range slices.Chunk(all, inspected) {
		n := 0
		g.hub.Mu.Lock()
		for _, group := range piece {
			if members := group.LenLocked(); members > 0 {
				infos[n] = GroupInfo{group.Name(), members}
				n++
			}
		}
		g.hub.Mu.Unlock()
		for _, info := range infos[:n] {
			if !f(info) {
				return
			}
		}
	}
}

// BusinessWorkers returns the business workers that are connected, in order of
// connecting.
func (g *Gateway) BusinessWorkers() []BusinessWorkerInfo {
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	infos := make([]BusinessWorkerInfo, 0, len(g.workers.live))
	for _, s := range g.workers.live {
		w := s.conn.Load()
		if w == nil {
			continue
		}
		w.mu.Lock()
		infos = append(infos, BusinessWorkerInfo{
			BusinessWorker: BusinessWorker{Key: s.key, Remote: w.remote},
			Since:          w.since,
			Clients:        s.bound,
			Waiting:        w.out.len(),
			Dropped:        w.lost,
		})
		w.mu.Unlock()
	}
	return infos
}

// Why a gateway is not ready.
var (
	errNotReadyState    = errors.New("the gateway does not serve")
	errNotReadyDraining = errors.New("clients are being sent away")
	errNotReadyRegister = errors.New("the gateway is not announced at any Register")
)

// Ready returns nil when new clients are welcome here: the gateway serves, is
// announced at a Register, unless it has none, and a business worker is there.
// Else the error says what is missing.
func (g *Gateway) Ready() error {
	g.mu.Lock()
	serving := g.state == serverServing
	g.mu.Unlock()
	if !serving {
		return errNotReadyState
	}
	if g.draining.Load() {
		return errNotReadyDraining
	}
	announced := func(s register.State) bool { return s.Connected }
	if !g.opts.NoRegister && !slices.ContainsFunc(g.Registers(), announced) {
		return errNotReadyRegister
	}
	g.hub.Mu.Lock()
	defer g.hub.Mu.Unlock()
	if len(g.workers.live) == 0 {
		return errNoWorker
	}
	return nil
}
