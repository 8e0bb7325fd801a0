package gatewayclient

// emptyName is PHP's empty() on a string.
func emptyName(s string) bool { return s == "" || s == "0" }

// checkNames returns [ErrEmptyName] if any of the uids or groups is empty.
func checkNames(names ...string) error {
	for _, name := range names {
		if emptyName(name) {
			return ErrEmptyName
		}
	}
	return nil
}
