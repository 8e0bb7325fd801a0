package options

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-gatewayworker/gatewayworker/gatewayprotocol"
)

// DefaultRegisterAddress is where PHP's example of a Register listens, and what
// an empty list of Registers means.
const DefaultRegisterAddress = "127.0.0.1:1236"

// A Checker goes through the options of one package. It keeps the first
// complaint; see [Checker.Err].
type Checker struct {
	pkg string
	err *gatewayprotocol.OptionError
}

// For returns a Checker for the options of the package.
func For(pkg string) *Checker { return &Checker{pkg: pkg} }

// Err returns the first complaint, a [*gatewayprotocol.OptionError], or nil.
func (c *Checker) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// Refuse complains about an option. reason says what is wrong with the value and
// what to set instead.
func (c *Checker) Refuse(option string, value any, reason string) {
	if c.err == nil {
		c.err = &gatewayprotocol.OptionError{Package: c.pkg, Option: option, Value: fmt.Sprint(value), Reason: reason}
	}
}

// SecretKey refuses a secret key that cannot be sent as JSON. The complaint does
// not show it.
func (c *Checker) SecretKey(key string) {
	if !utf8.ValidString(key) {
		c.Refuse("SecretKey", "", "not UTF-8; it is sent as JSON")
	}
}

// Int checks a count or a number of bytes. Zero becomes def; negative is
// refused.
func (c *Checker) Int(option string, v *int, def int) {
	c.IntRange(option, v, def, 1, 0)
}

// IntRange is Int for a value from low to high; no upper bound if high is 0.
// Zero becomes def.
func (c *Checker) IntRange(option string, v *int, def, low, high int) {
	switch {
	case *v == 0:
		*v = def
	case *v < 0 && high == 0:
		c.Refuse(option, *v, fmt.Sprintf("negative; use 0 for the default of %d, or a positive number", def))
	case *v < low && high == 0:
		c.Refuse(option, *v, fmt.Sprintf("too small; use %d or more", low))
	case *v < low || high != 0 && *v > high:
		c.Refuse(option, *v, fmt.Sprintf("out of range; use %d to %d", low, high))
	}
}

// Port checks the number of a TCP port. Zero becomes def.
func (c *Checker) Port(option string, v *int, def int) {
	switch {
	case *v == 0:
		*v = def
	case *v < 1 || *v > 65535:
		c.Refuse(option, *v, "not a port; use 1 to 65535")
	}
}

// Duration checks a length of time. Zero becomes def; negative is refused.
func (c *Checker) Duration(option string, v *time.Duration, def time.Duration) {
	switch {
	case *v == 0:
		*v = def
	case *v < 0:
		c.Refuse(option, *v, fmt.Sprintf("negative; use 0 for the default of %v, or a positive duration", def))
	}
}

// NotNegative checks a length of time whose zero means "none".
func (c *Checker) NotNegative(option string, v time.Duration) {
	if v < 0 {
		c.Refuse(option, v, "negative; use 0 for none, or a positive duration")
	}
}

// Addresses checks a list of addresses, "host:port". An empty list becomes one
// of def. The list is replaced by a copy, so that the caller may go on using its
// own.
func (c *Checker) Addresses(option string, v *[]string, def string) {
	if len(*v) == 0 {
		*v = []string{def}
		return
	}
	*v = slices.Clone(*v)
	for _, addr := range *v {
		c.Address(option, addr)
	}
}

// Address checks one address, "host:port".
func (c *Checker) Address(option, addr string) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" {
		c.Refuse(option, strconv.Quote(addr), "not host:port; an address looks like "+DefaultRegisterAddress)
		return
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		c.Refuse(option, strconv.Quote(addr), "its port is not a number from 1 to 65535")
	}
}

// Networks checks a list of networks, and replaces each by what it masks:
// 10.1.2.3/8 is 10.0.0.0/8.
func (c *Checker) Networks(option string, networks []netip.Prefix) {
	for i, n := range networks {
		if !n.IsValid() {
			c.Refuse(option, "an invalid network", "use networks such as 10.0.0.0/8 or 2001:db8::/32")
			return
		}
		if n.Addr().Is4In6() && n.Bits() >= 96 { // what is compared with them is IPv4
			n = netip.PrefixFrom(n.Addr().Unmap(), n.Bits()-96)
		}
		networks[i] = n.Masked()
	}
}

// InNetworks reports whether an address is in one of the networks.
func InNetworks(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}
