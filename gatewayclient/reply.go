package gatewayclient

import (
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

func badReply(want string, got phpserialize.Value) error {
	return &ReplyError{Want: want, Got: phpserialize.Describe(got)}
}

func (a *answer) value(want string) (phpserialize.Value, error) {
	v, err := phpserialize.Unmarshal(a.payload)
	if err != nil {
		return nil, &ReplyError{Want: want, Got: err.Error()}
	}
	return v, nil
}

func (a *answer) array(want string) (*phpserialize.Array, error) {
	v, err := a.value(want)
	if err != nil {
		return nil, err
	}
	arr, ok := v.(*phpserialize.Array)
	if !ok {
		return nil, badReply(want, v)
	}
	return arr, nil
}

func (a *answer) int(want string) (int, error) {
	v, err := a.value(want)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok {
		return 0, badReply(want, v)
	}
	return int(n), nil
}

func connectionID(n int64) (uint32, error) {
	if n < 0 || n > 1<<32-1 {
		return 0, badReply("a connection id", n)
	}
	return uint32(n), nil
}

// appendIDs appends the clients whose connection ids are the values of list.
func appendIDs(dst []ClientID, a *answer, list *phpserialize.Array) ([]ClientID, error) {
	for _, v := range list.All() {
		n, ok := v.(int64)
		if !ok {
			return dst, badReply("a connection id", v)
		}
		id, err := connectionID(n)
		if err != nil {
			return dst, err
		}
		dst = append(dst, a.id(id))
	}
	return dst, nil
}

// clients calls f for each element of an array whose keys are connection ids.
func (a *answer) clients(arr *phpserialize.Array, f func(ClientID, phpserialize.Value) error) error {
	for k, v := range arr.All() {
		if !k.IsInt() {
			return &ReplyError{Want: "connection ids as keys", Got: fmt.Sprintf("key %q", k)}
		}
		id, err := connectionID(k.Int())
		if err != nil {
			return err
		}
		if err := f(a.id(id), phpserialize.Deref(v)); err != nil {
			return err
		}
	}
	return nil
}

// grouped collects lists by a key, in order of the keys' first appearance.
type grouped[T any] struct {
	keys  []phpserialize.Key
	vals  []*[]T
	index map[phpserialize.Key]int
}

func newGrouped[T any]() *grouped[T] {
	return &grouped[T]{index: make(map[phpserialize.Key]int)}
}

func (g *grouped[T]) at(k phpserialize.Key) *[]T {
	i, ok := g.index[k]
	if !ok {
		i = len(g.keys)
		g.index[k] = i
		g.keys = append(g.keys, k)
		g.vals = append(g.vals, new([]T))
	}
	return g.vals[i]
}
