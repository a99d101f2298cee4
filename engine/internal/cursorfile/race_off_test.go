// Whether this is a build for the race detector.

//go:build !race

package cursorfile

const raceBuild = false
