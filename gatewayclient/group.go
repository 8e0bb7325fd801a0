package gatewayclient

import (
	"context"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// JoinGroup adds a client to a group (Gateway::joinGroup).
func (c *Client) JoinGroup(ctx context.Context, id ClientID, group string) error {
	if err := checkNames(group); err != nil {
		return err
	}
	return c.sendTo(ctx, id, gatewayprotocol.CmdJoinGroup, []byte(group))
}

// LeaveGroup removes a client from a group (Gateway::leaveGroup).
func (c *Client) LeaveGroup(ctx context.Context, id ClientID, group string) error {
	if err := checkNames(group); err != nil {
		return err
	}
	return c.sendTo(ctx, id, gatewayprotocol.CmdLeaveGroup, []byte(group))
}

// Ungroup removes all clients from a group (Gateway::ungroup).
func (c *Client) Ungroup(ctx context.Context, group string) error {
	if err := checkNames(group); err != nil {
		return err
	}
	return c.broadcast(ctx, command(gatewayprotocol.CmdUngroup, ClientID{}, []byte(group)), nil)
}

// ClientIDsByGroup returns the members of a group, in order of joining
// (Gateway::getClientIdListByGroup).
func (c *Client) ClientIDsByGroup(ctx context.Context, group string) ([]ClientID, error) {
	return c.ClientIDsByGroups(ctx, []string{group})
}

// ClientIDsByGroups returns the members of any of the groups, each once
// (Gateway::getClientIdListByGroup with a list): gateway by gateway, the members
// of the first group before those of the second.
func (c *Client) ClientIDsByGroups(ctx context.Context, groups []string) ([]ClientID, error) {
	infos, err := c.membersOf(ctx, groups)
	return idsOf(infos), err
}

// UIDsByGroup returns the uids of a group's members, each once
// (Gateway::getUidListByGroup).
func (c *Client) UIDsByGroup(ctx context.Context, group string) ([]string, error) {
	return c.UIDsByGroups(ctx, []string{group})
}

// UIDsByGroups returns the uids of the members of any of the groups, each once
// (Gateway::getUidListByGroup with a list).
func (c *Client) UIDsByGroups(ctx context.Context, groups []string) ([]string, error) {
	infos, err := c.membersOf(ctx, groups)
	return uidsOf(infos), err
}

// UIDCountByGroup returns the number of uids among a group's members
// (Gateway::getUidCountByGroup).
func (c *Client) UIDCountByGroup(ctx context.Context, group string) (int, error) {
	uids, err := c.UIDsByGroup(ctx, group)
	return len(uids), err
}

func (c *Client) membersOf(ctx context.Context, groups []string) ([]ClientInfo, error) {
	if groups == nil {
		groups = []string{} // none, not all
	}
	return c.Select(ctx, Query{Fields: []Field{FieldUID}, Groups: groups})
}

// ClientCountByGroup returns the number of a group's members
// (Gateway::getClientIdCountByGroup).
func (c *Client) ClientCountByGroup(ctx context.Context, group string) (int, error) {
	if err := checkNames(group); err != nil {
		return 0, err
	}
	return c.count(ctx, []byte(group))
}

// GroupCount is a number of clients, or of uids, in a group.
type GroupCount struct {
	Group string
	Count int
}

// ClientCountsByGroups returns the number of members of each of the groups
// (Gateway::batchGetClientIdCountByGroup): an element for every group, once, in
// the order of the argument.
func (c *Client) ClientCountsByGroups(ctx context.Context, groups []string) ([]GroupCount, error) {
	if err := checkNames(groups...); err != nil {
		return nil, err
	}
	ext, err := gatewayprotocol.AppendNamesExt(nil, groups)
	if err != nil {
		return nil, err
	}
	counts := newGrouped[int]()
	for _, g := range groups {
		counts.at(phpserialize.StringKey(g))
	}
	m := command(gatewayprotocol.CmdBatchGetClientCountByGroup, ClientID{}, ext)
	err = c.queryAll(ctx, m, func(a answer) error {
		v, err := a.array("a map of group to count")
		if err != nil {
			return err
		}
		for g, n := range v.All() {
			count, ok := n.(int64)
			if !ok {
				return badReply("a count", n)
			}
			at := counts.at(g)
			*at = append(*at, int(count))
		}
		return nil
	})
	out := make([]GroupCount, len(counts.keys))
	for i, k := range counts.keys {
		out[i].Group = k.String()
		for _, n := range *counts.vals[i] {
			out[i].Count += n
		}
	}
	return out, err
}

// AllGroups returns all groups, each once, in order of their first member
// (Gateway::getAllGroupIdList).
func (c *Client) AllGroups(ctx context.Context) ([]string, error) {
	seen := make(map[phpserialize.Key]struct{})
	var out []string
	err := c.queryAll(ctx, command(gatewayprotocol.CmdGetGroupIDList, ClientID{}, nil), func(a answer) error {
		v, err := a.array("a list of groups")
		if err != nil {
			return err
		}
		for _, g := range v.All() {
			k, ok := phpserialize.ToKey(g)
			if !ok {
				return badReply("a group", g)
			}
			if _, ok := seen[k]; !ok {
				seen[k] = struct{}{}
				out = append(out, k.String())
			}
		}
		return nil
	})
	return out, err
}

// GroupClients are the members of a group.
type GroupClients struct {
	Group     string
	ClientIDs []ClientID
}

// GroupClientIDs returns the members of every group
// (Gateway::getAllGroupClientIdList). PHP stops at a gateway's first client
// without a group; this does not.
func (c *Client) GroupClientIDs(ctx context.Context) ([]GroupClients, error) {
	infos, err := c.Select(ctx, Query{Fields: []Field{FieldGroups}})
	members := newGrouped[ClientID]()
	for i := range infos {
		for _, g := range infos[i].Groups {
			at := members.at(phpserialize.StringKey(g))
			*at = append(*at, infos[i].ClientID)
		}
	}
	out := make([]GroupClients, len(members.keys))
	for i, k := range members.keys {
		out[i] = GroupClients{Group: k.String(), ClientIDs: *members.vals[i]}
	}
	return out, err
}

// GroupClientCounts returns the number of members of every group
// (Gateway::getAllGroupClientIdCount).
func (c *Client) GroupClientCounts(ctx context.Context) ([]GroupCount, error) {
	groups, err := c.GroupClientIDs(ctx)
	out := make([]GroupCount, len(groups))
	for i, g := range groups {
		out[i] = GroupCount{Group: g.Group, Count: len(g.ClientIDs)}
	}
	return out, err
}

// GroupUIDs are the uids of a group's members.
type GroupUIDs struct {
	Group string
	UIDs  []string
}

// GroupUIDs returns the uids of every group's members, each once per group
// (Gateway::getAllGroupUidList). Groups without a uid are left out. PHP stops at
// a gateway's first client without a uid or group; this does not.
func (c *Client) GroupUIDs(ctx context.Context) ([]GroupUIDs, error) {
	infos, err := c.Select(ctx, Query{Fields: []Field{FieldUID, FieldGroups}})
	uids := newGrouped[string]()
	type member struct{ group, uid string }
	seen := make(map[member]struct{})
	for i := range infos {
		uid := infos[i].UID
		if emptyName(uid) {
			continue
		}
		for _, g := range infos[i].Groups {
			if _, ok := seen[member{g, uid}]; ok {
				continue
			}
			seen[member{g, uid}] = struct{}{}
			at := uids.at(phpserialize.StringKey(g))
			*at = append(*at, uid)
		}
	}
	out := make([]GroupUIDs, len(uids.keys))
	for i, k := range uids.keys {
		out[i] = GroupUIDs{Group: k.String(), UIDs: *uids.vals[i]}
	}
	return out, err
}

// GroupUIDCounts returns the number of uids of every group
// (Gateway::getAllGroupUidCount).
func (c *Client) GroupUIDCounts(ctx context.Context) ([]GroupCount, error) {
	groups, err := c.GroupUIDs(ctx)
	out := make([]GroupCount, len(groups))
	for i, g := range groups {
		out[i] = GroupCount{Group: g.Group, Count: len(g.UIDs)}
	}
	return out, err
}
