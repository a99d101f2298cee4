//go:build !race

// Whether the race detector is on, which makes pools forget on purpose.

package index

const raceEnabled = false
