// Package phpsyntax reads the PHP of start and configuration files: statements
// and expressions of PHP 7 and 8, with the line of each.
//
// It owns the syntax, and the names that namespace and use declare. It never
// knows what an expression is worth. Types, visibility, attributes and comments
// are read over; a file that PHP would refuse may pass.
package phpsyntax
