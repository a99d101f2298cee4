//go:build !race

// Whether the race detector is on, which makes each step ten times as long.

package follow

const raceBuild = false
