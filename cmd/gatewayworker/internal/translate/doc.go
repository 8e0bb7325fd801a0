// Package translate says which flags of this program are what a start file of
// PHP sets, and what has no flag.
//
// It knows PHP's properties, static properties and stream contexts, and the
// names of the flags; package startfile finds out what a file sets.
package translate
