//go:build race

// Whether the race detector is on, which makes pools forget on purpose.

package index

const raceEnabled = true

// rounds is how often a test is repeated that would be so often without the race detector, which makes what one
// goroutine does alone ten times as long and finds nothing in it.
func rounds(n int) int { return max(n/5, 1) }
