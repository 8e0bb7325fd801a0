// Package testprocess runs a part of a test in a process of its own, so that its
// memory, its files and its goroutines can be told from the test's: a role, which
// is a function of the test binary. A package whose tests use it begins with
//
//	func TestMain(m *testing.M) {
//		testprocess.Main(roles)
//		os.Exit(m.Run())
//	}
//
// and a test with
//
//	p := testprocess.Start(t, "gateway", config)
//	...
//	before := p.Stats(t)
//
// With -race the role's process has the race detector, too: what it finds fails
// the test.
package testprocess
