package gatewayprotocol

import (
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// The keys of a where that a [CmdSelect] knows.
const (
	WhereGroups       = "groups"
	WhereUID          = "uid"
	WhereConnectionID = "connection_id"
)

// Select is what a [CmdSelect] asks for: the fields of all clients, or of
// those that any clause of Where matches.
type Select struct {
	// None says that the ext_data was falsy for PHP, such as no JSON at all:
	// the answer is an empty array.
	None bool
	// Fields are the names of the fields asked for: session, uid, groups. A
	// name given twice is here once. An unknown field is answered by null.
	Fields []string
	// All says that there was no where: missing, null, 0, "" or [].
	All bool
	// Where are the clauses in their order, which is the order of the answer.
	// Clauses that match no client, such as an unknown key, are left out.
	Where []WhereClause
}

// WhereClause matches the clients of some groups or uids, or some connections.
type WhereClause struct {
	Key   string   // WhereGroups, WhereUID or WhereConnectionID
	Names []string // groups or uids
	IDs   []uint32 // connection ids
}

// AppendSelectExt appends the ext_data of a [CmdSelect]:
// {"fields":["uid"],"where":{"groups":["a"]}}, with "where":[] for no clause.
// It fails for a name that is not UTF-8.
func AppendSelectExt(dst []byte, fields []string, where []WhereClause) ([]byte, error) {
	out, err := appendNameList(append(dst, `{"fields":`...), fields)
	if err != nil {
		return dst, err
	}
	out = append(out, `,"where":`...)
	if len(where) == 0 {
		return append(out, "[]}"...), nil
	}
	out = append(out, '{')
	for i, c := range where {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = phpjson.AppendString(out, c.Key, phpjson.Options{}); err != nil {
			return dst, err
		}
		out = append(out, ':')
		if c.Key == WhereConnectionID {
			out = appendIDMap(out, c.IDs)
		} else if out, err = appendNameList(out, c.Names); err != nil {
			return dst, err
		}
	}
	return append(out, "}}"...), nil
}

// DecodeSelectExt reads the ext_data of a [CmdSelect]. A JSON string, or a
// name, id or field that is itself an array, is a [*MessageError]; but such a
// field does no harm where no client can match, as PHP then does not look at it.
func DecodeSelectExt(ext []byte) (Select, error) {
	v := decodeJSON(ext)
	if !phpserialize.IsTruthy(v) {
		return Select{None: true}, nil
	}
	refuse := func(reason string) error {
		return &MessageError{Cmd: CmdSelect, Part: "ext_data", Reason: reason}
	}
	obj, ok := v.(*phpserialize.Array)
	if !ok {
		if _, ok := v.(string); ok {
			return Select{}, refuse("is a JSON string, not an object")
		}
		obj = phpserialize.NewArray() // a number or true has neither fields nor where
	}
	var s Select
	badField := false
	fields, _ := obj.GetString("fields")
	if arr, ok := fields.(*phpserialize.Array); ok {
		seen := phpserialize.NewArray()
		for _, f := range arr.All() {
			k, ok := phpserialize.ToKey(f)
			if !ok {
				badField = true
				continue
			}
			if _, dup := seen.Get(k); !dup {
				seen.Set(k, nil)
				s.Fields = append(s.Fields, k.String())
			}
		}
	}
	where, _ := obj.GetString("where")
	s.All = !phpserialize.IsTruthy(where)
	// What is truthy but no array matches no client.
	if clauses, ok := where.(*phpserialize.Array); ok {
		for k, items := range clauses.All() {
			c, err := decodeClause(k.String(), items)
			if err != nil {
				return Select{}, refuse(err.Error())
			}
			if len(c.Names) > 0 || len(c.IDs) > 0 {
				s.Where = append(s.Where, c)
			}
		}
	}
	if badField && (s.All || len(s.Where) > 0) {
		return Select{}, refuse("has a field that is an array")
	}
	return s, nil
}

func decodeClause(key string, items phpserialize.Value) (WhereClause, error) {
	c := WhereClause{Key: key}
	var err error
	switch key {
	case WhereConnectionID:
		c.IDs, err = appendIDs(nil, items)
	case WhereGroups, WhereUID:
		var names [][]byte
		names, err = appendNames(nil, items)
		for _, name := range names {
			c.Names = append(c.Names, string(name))
		}
	}
	return c, err
}
