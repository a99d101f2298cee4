// The constant of builds without the race detector.

//go:build !race

package rows

const raceBuild = false
