// Package logging lets a program choose how it logs: the packages of this module
// log through a logrus.FieldLogger, and [Choose] makes one of whatever the
// program's Options name.
//
// It knows nothing of what is logged.
package logging
