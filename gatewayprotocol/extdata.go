package gatewayprotocol

import (
	"errors"
	"slices"
	"strconv"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpjson"
	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// Some commands carry JSON as ext_data: who a message is for, or what a query
// asks. The extdata files have one pair of functions for each: Append… writes
// the bytes that PHP's libraries write, Decode… understands whatever PHP's
// gateway understands, in its way. Most frames hold one of few shapes; those
// are read without building PHP values, and everything else goes through
// phpjson.
//
// Uids and groups are PHP array keys. They are handed out as text: 5, 5.9 and
// "5" are all "5", true is "1", null is "". This loses nothing, because PHP
// turns a text that looks like an integer into that integer.

// IDSet is a set of connection ids. The zero value is empty.
type IDSet struct {
	below uint32   // every id below is in it
	ids   []uint32 // in ascending order
}

// Has reports whether id is in the set.
func (s *IDSet) Has(id uint32) bool {
	if id < s.below {
		return true
	}
	if len(s.ids) <= 8 {
		return slices.Contains(s.ids, id)
	}
	_, ok := slices.BinarySearch(s.ids, id)
	return ok
}

// Empty reports whether no id is in the set.
func (s *IDSet) Empty() bool { return s.below == 0 && len(s.ids) == 0 }

func (s *IDSet) reset() { s.below, s.ids = 0, s.ids[:0] }

// setKeys makes the set what isset($v[$id]) answers true for.
func (s *IDSet) setKeys(v phpserialize.Value) {
	s.reset()
	switch v := v.(type) {
	case string: // PHP indexes the bytes of a string
		s.below = uint32(min(uint64(len(v)), 1<<32-1))
	case *phpserialize.Array:
		for k, v := range v.All() {
			if id, ok := connectionID(k); ok && v != nil {
				s.ids = append(s.ids, id)
			}
		}
		slices.Sort(s.ids)
	}
}

// connectionID returns the connection id that an array key can name.
func connectionID(k phpserialize.Key) (uint32, bool) {
	if !k.IsInt() || k.Int() < 0 || k.Int() > 1<<32-1 {
		return 0, false
	}
	return uint32(k.Int()), true
}

// appendIDs appends the ids of the values of v, in order, repeated ones too. A
// value that can be no connection id is left out. What is no array holds none.
func appendIDs(dst []uint32, v phpserialize.Value) ([]uint32, error) {
	arr, ok := v.(*phpserialize.Array)
	if !ok {
		return dst, nil
	}
	for _, v := range arr.All() {
		k, ok := phpserialize.ToKey(v)
		if !ok {
			return dst, errNested
		}
		if id, ok := connectionID(k); ok {
			dst = append(dst, id)
		}
	}
	return dst, nil
}

// appendNames appends the values of v as array keys in their text form.
func appendNames(dst [][]byte, v phpserialize.Value) ([][]byte, error) {
	arr, ok := v.(*phpserialize.Array)
	if !ok {
		return dst, nil
	}
	for _, v := range arr.All() {
		k, ok := phpserialize.ToKey(v)
		if !ok {
			return dst, errNested
		}
		dst = append(dst, []byte(k.String()))
	}
	return dst, nil
}

var errNested = errors.New("has an array where a name or an id belongs")

// decodeJSON is PHP's json_decode: null for what is no JSON.
func decodeJSON(ext []byte) phpserialize.Value {
	v, err := phpjson.Decode(ext)
	if err != nil {
		return nil
	}
	return v
}

// appendIDMap appends the JSON of the PHP array [5 => 5, 7 => 7]: an object,
// or a list where the keys happen to be 0, 1, 2 …; repeated ids are written
// once.
func appendIDMap(dst []byte, ids []uint32) []byte {
	ids = uniqueIDs(ids)
	list := true
	for i, id := range ids {
		if uint64(id) != uint64(i) {
			list = false
			break
		}
	}
	dst = append(dst, openBracket(list))
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		if !list {
			dst = appendIntKey(dst, uint64(id))
		}
		dst = strconv.AppendUint(dst, uint64(id), 10)
	}
	return append(dst, closeBracket(list))
}

// uniqueIDs returns ids itself if no id is repeated, which is cheap to find out for
// few ids and for ascending ones.
func uniqueIDs(ids []uint32) []uint32 {
	ascending := true
	for i := 1; i < len(ids) && ascending; i++ {
		ascending = ids[i-1] < ids[i]
	}
	if ascending {
		return ids
	}
	seen := make(map[uint32]struct{}, len(ids))
	out := make([]uint32, 0, len(ids))
	for _, id := range ids {
		if _, dup := seen[id]; !dup {
			seen[id] = struct{}{}
			out = append(out, id)
		}
	}
	return out
}

// appendNameList appends names as a JSON list of strings.
func appendNameList(dst []byte, names []string) ([]byte, error) {
	out := append(dst, '[')
	var err error
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = phpjson.AppendString(out, name, phpjson.Options{}); err != nil {
			return dst, err
		}
	}
	return append(out, ']'), nil
}
