// The constant of all other builds.

//go:build !race

package cache

const raceBuild = false
