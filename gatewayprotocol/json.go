package gatewayprotocol

import (
	"crypto/subtle"
	"strconv"
)

// Pieces of PHP's json_encode output that the Append functions share.

func openBracket(list bool) byte {
	if list {
		return '['
	}
	return '{'
}

func closeBracket(list bool) byte {
	if list {
		return ']'
	}
	return '}'
}

// appendIntKey appends "5": as a JSON object's key.
func appendIntKey(dst []byte, n uint64) []byte {
	dst = append(dst, '"')
	dst = strconv.AppendUint(dst, n, 10)
	return append(dst, '"', ':')
}

// equalSecret compares two keys in a time that tells no more than their length.
func equalSecret(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
