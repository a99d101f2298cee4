//go:build race

// Whether the race detector is on, which looks at each access.

package payload_test

const raceEnabled = true
