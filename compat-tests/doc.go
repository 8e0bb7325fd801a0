// Package compattests is the conformance suite: scenarios that run against the
// PHP originals and against this project's Register, Gateway, BusinessWorker
// and GatewayClient, and must differ in nothing but the deliberate differences
// that differences.json names.
//
// A scenario (scenario_*_test.go) puts scripted peers around the programs under
// test: workers and GatewayClients that speak the inner protocol, Register
// peers, websocket, text, frame and tcp clients. What each peer sends and
// receives becomes a line of a transcript, with ports, addresses and client ids
// replaced by names. testdata/transcripts holds what PHP did; README.md says
// how to record it anew.
package compattests
