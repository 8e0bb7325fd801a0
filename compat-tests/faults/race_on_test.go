//go:build linux && race

package faults

const raceEnabled = true
