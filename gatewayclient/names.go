package gatewayclient

import "slices"

// emptyName is PHP's empty() on a string.
func emptyName(s string) bool { return s == "" || s == "0" }

// checkNames returns [ErrEmptyName] if any of the uids or groups is empty.
func checkNames(names ...string) error {
	if slices.ContainsFunc(names, emptyName) {
		return ErrEmptyName
	}
	return nil
}
