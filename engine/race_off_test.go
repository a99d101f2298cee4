//go:build !race

// The constant of normal builds, where mappings are real.

package engine_test

const raceBuild = false
