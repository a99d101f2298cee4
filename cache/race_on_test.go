// The constant of race builds, in which everything takes its time.

//go:build race

package cache

const raceBuild = true
