// Package fuzzvolume runs fuzz targets in bulk: without coverage, in one process,
// some hundred thousand to some million executions a second where Go's own
// engine does ten to fifty thousand. It finds what many inputs find; new paths
// are found by go test -fuzz, whose finds are kept as corpora that both start
// from.
//
// A target asks for a F in place of its *testing.F, and is otherwise as usual:
//
//	func FuzzDecode(tf *testing.F) {
//		f := fuzzvolume.For(tf)
//		f.Add([]byte("seed"))
//		f.Fuzz(func(t *testing.T, data []byte) { ... })
//	}
//
// With go test and go test -fuzz it does what *testing.F does, with the inputs
// in testdata/corpus/FuzzDecode as further seeds. With
//
//	GATEWAYWORKER_FUZZ_VOLUME=1e7 go test -run '^FuzzDecode$' -v ./gatewayprotocol/phpjson
//
// it executes the target 10,000,000 times. "1e7,30s" ends after 30 s as well,
// whichever is first. GATEWAYWORKER_FUZZ_SEED chooses another sequence; the same
// seed gives the same inputs. An input that fails is written to
// testdata/fuzz/FuzzDecode, where go test finds it from then on.
//
// A target must return, not skip, where it does not care for an input.
package fuzzvolume
