//go:build !race

package endurance

// race says that the race detector is there, with memory of its own.
const race = false
