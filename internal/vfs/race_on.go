//go:build race

// This file holds the constant of race builds.

package vfs

const raceDetector = true
