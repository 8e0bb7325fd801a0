package gatewayprotocol

import "fmt"

// An OptionError reports an option that cannot be used. All packages of this
// module check their Options when something is made of them, and return it: a
// negative number, a port beyond 65535, an address without a port. Zero is never
// an error: it means the option's default.
//
// The packages gateway, gatewayclient, businessworker and register have the
// type under the same name.
type OptionError struct {
	Package string // such as "gateway"
	Option  string // name of the field, such as "StartPort"
	Value   string // what it was set to, "" if it is missing; never a secret
	Reason  string // what is wrong with it, and what to set instead
}

func (e *OptionError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: option %s: %s", e.Package, e.Option, e.Reason)
	}
	return fmt.Sprintf("%s: option %s: %s: %s", e.Package, e.Option, e.Value, e.Reason)
}
