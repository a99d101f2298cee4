//go:build race

// Whether the race detector is on, which makes what one goroutine does alone ten times as long and finds nothing in it.

package mmapseg

const raceEnabled = true
