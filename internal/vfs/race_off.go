//go:build !race

// This file holds the constant of builds without the race detector.

package vfs

const raceDetector = false
