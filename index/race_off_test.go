//go:build !race

// Whether the race detector is on, which makes pools forget on purpose.

package index

const raceEnabled = false

// rounds is how often a test is repeated that would be so often without the race detector.
func rounds(n int) int { return n }
