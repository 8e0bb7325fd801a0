// Package options fills in the defaults of a package's Options and checks them,
// so that zero and a value that cannot be used mean the same in every package:
// zero is the default, everything unusable is a
// [*gatewayprotocol.OptionError].
//
// It knows no option of any package: the packages name theirs.
package options
