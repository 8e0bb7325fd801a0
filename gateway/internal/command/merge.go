package command

import (
	"errors"
	"fmt"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol/phpserialize"
)

// A session is what PHP code has in $_SESSION, serialized. To the gateway it is
// opaque bytes; only mergeSessions looks inside.

// phpEmpty is PHP's empty() of a string: "" and "0". An empty session is one
// that was never set, and an empty uid or group is refused.
func phpEmpty(s []byte) bool {
	return len(s) == 0 || len(s) == 1 && s[0] == '0'
}

// mergeSessions returns what CMD_UPDATE_SESSION leaves of a session: the update
// verbatim when the session is empty, and array_replace_recursive of both
// otherwise. It fails when one of the two is no serialized array; PHP's gateway
// dies of that.
func mergeSessions(session, update []byte) ([]byte, error) {
	if phpEmpty(session) {
		return update, nil
	}
	base, err := sessionArray(session)
	if err != nil {
		return nil, fmt.Errorf("cannot be merged: the client's session %w", err)
	}
	repl, err := sessionArray(update)
	if err != nil {
		return nil, err
	}
	sum := phpserialize.ArrayReplaceRecursive(base, repl)
	if sum == nil {
		return nil, errors.New("cannot be merged: its references contain themselves or multiply without bound")
	}
	merged, err := phpserialize.Marshal(sum)
	if err != nil {
		return nil, fmt.Errorf("cannot be merged: %w", err)
	}
	return merged, nil
}

func sessionArray(b []byte) (*phpserialize.Array, error) {
	v, err := phpserialize.Unmarshal(b)
	if err != nil {
		return nil, fmt.Errorf("is no serialized array: %w", err)
	}
	if a, ok := v.(*phpserialize.Array); ok {
		return a, nil
	}
	return nil, errors.New("is no serialized array but " + phpserialize.Describe(v))
}
