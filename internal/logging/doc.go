// Package logging is how the programs and packages of this module log.
//
// The packages log through a logrus.FieldLogger; [Choose] makes one of whatever
// a program's Options name. A [Limiter] bounds the lines that peers can cause. A
// [Writer] keeps a reader of the log from delaying the program.
//
// It knows nothing of what is logged.
package logging
