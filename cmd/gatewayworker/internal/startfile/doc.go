// Package startfile finds out what PHP's start files start: which Gateways,
// Registers and other Workers, with which properties, and where these are set.
//
// There are two ways, with the same answer. [Ask] has PHP run the file with
// classes that only note what is done to them, so that nothing is opened and
// nothing forks. [Read] interprets the file itself, where there is no PHP: it
// knows the language as far as start files use it, and says what it does not
// know.
//
// The package knows the layouts of frameworks (webman, think-worker), and
// nothing of this program's options.
package startfile
