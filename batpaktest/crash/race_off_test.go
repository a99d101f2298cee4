// The constant of other builds.

//go:build !race

package crash

const raceBuild = false
